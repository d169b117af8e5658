import type { DocumentInput } from '../../contract/document-schema.ts';
import type { DocDropError } from '../../errors.ts';
import type { ChangeContent, Refused } from '../../domain/index.ts';
import { acceptTogether } from './accept-together.ts';
import {
	check,
	type Checked,
	checkReceived,
	type DocumentFields,
	normalise,
	type Normalised,
} from './checks.ts';
import { createContentRooms } from './content-rooms.ts';
import { inlineBytes } from './contents.ts';
import { acceptStream, type StreamOptions } from './streamed.ts';
import { type AcceptDeps, type AcceptOptions, refuse } from './submit.ts';
import { openUpload } from './uploads.ts';

/**
 * The ingress: from what a caller sent to a durable receipt, in one transaction a call. One document's fault is its
 * own result; what is wrong with a document is found by checks.ts, and its bytes are stored by contents.ts.
 */
export type Ingress = ReturnType<typeof createIngress>;

/** The contents of a smaller request do not burden the heap. */
const roomFrom = 131_072;

export function createIngress(deps: AcceptDeps) {
	const { settings } = deps;
	const rooms = createContentRooms(inlineBytes);
	return {
		normalise: (document: DocumentInput): Normalised => normalise(document, settings),
		check: (document: DocumentInput): Checked => check(document, settings),
		/**
		 * The same of the many documents of one request, of so many bytes; to be closed when they are accepted, or will not
		 * be.
		 */
		openCheck(bytes: number) {
			const room = bytes >= roomFrom ? rooms.open() : undefined;
			return {
				check: (document: DocumentInput): Checked => check(document, settings, room),
				close: () => room?.close(),
			};
		},
		/** Leaves a receipt of the refusal, and returns the error that names it. Rejects where the store does. */
		refuse: (refused: Refused | DocDropError) => refuse(refused, deps),
		/** Accepts documents that are fit, tells of refused ones, and passes errors through. */
		accept: (documents: readonly Checked[], options: AcceptOptions) =>
			acceptTogether(
				documents.map((checked) => ({ checked, options })),
				deps,
			),
		/** Accepts one document whose bytes come as a stream; the bytes' hash wins over a declared one. */
		acceptStream: (
			input: Omit<DocumentFields, 'op'>,
			bytes: AsyncIterable<Uint8Array>,
			options: StreamOptions,
		) => acceptStream(input, bytes, options, deps),
		/** Of a document whose bytes an upload has received; they must be those that it declares. */
		checkReceived: (document: DocumentFields, content: ChangeContent): Checked =>
			checkReceived(document, content, settings),
		/**
		 * Room for the files of one request, to be closed in any case. `sender`: whose turn it takes, a tenant where one
		 * is known; `size`: of all of the request, where it is known.
		 */
		openUpload: (sender: string, size: number | null) => openUpload(sender, size, deps),
	};
}
