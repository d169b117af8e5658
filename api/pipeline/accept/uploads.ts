/**
 * The files of one request, received before anybody knows which documents they are: the form may name those last.
 *
 * Invariants:
 *  1. Nothing is accepted before all of the request has come: a sender that is cut off leaves nothing.
 *  2. A file that no document took is dropped, and the room is given back, however the request ends.
 *  3. One file's failure is its own, but for a request that is broken.
 */
import type { Receipt } from '../../contract/document-schema.ts';
import { limits } from '../../contract/limits.ts';
import type { ChangeContent } from '../../domain/index.ts';
import { type DocDropError, isDocDropError } from '../../errors.ts';
import { acceptTogether, type Sent } from './accept-together.ts';
import { confirmStored } from './confirm-stored.ts';
import { blobOf, dropContents, inlineBytes, receiveContent } from './contents.ts';
import type { AcceptDeps } from './submit.ts';
import { unknownPart, upTo } from './upload-room.ts';

export interface Upload {
	/**
	 * Stores the bytes of one file, one file at a time. Rejects with an error of the table where the file cannot be
	 * taken, with what the bytes' own source throws, and keeps nothing of it then.
	 */
	receive(bytes: AsyncIterable<Uint8Array>): Promise<ChangeContent>;
	/** One result a document, in order. */
	accept(documents: readonly Sent[]): Promise<(Receipt | DocDropError)[]>;
	close(): Promise<void>;
}

interface State {
	/** Of all files, bytes. */
	readonly room: number;
	taken: number;
	/** Of small files, which need no blob as long as there is memory for them. */
	memoryLeft: number;
	/** Received, and named by no change. */
	readonly unnamed: Set<ChangeContent>;
}

export async function openUpload(sender: string, size: number | null, deps: AcceptDeps): Promise<Upload> {
	const { limiter, settings, uploadRoom, docStore } = deps;
	// Refused only after its bytes have come, they would have come for nothing.
	if (sender !== '') limiter?.check(sender);
	const room = Math.min(size ?? settings.maxPendingBytes * unknownPart, limits.uploadBytes);
	const giveBack = await uploadRoom.reserve(sender, room);
	const state: State = { room, taken: 0, memoryLeft: limits.uploadMemoryBytes, unnamed: new Set() };
	return {
		receive: (bytes) => receive(bytes, state, deps),
		accept: (documents) => accept(documents, state, deps),
		async close() {
			await dropContents([...state.unnamed], docStore);
			giveBack();
		},
	};
}

async function receive(
	bytes: AsyncIterable<Uint8Array>,
	state: State,
	{ settings, docStore }: AcceptDeps,
): Promise<ChangeContent> {
	const left = state.room - state.taken;
	const limit = { bytes: settings.maxFileBytes, why: '' };
	const content = await receiveContent(
		left < limit.bytes ? upTo(left, bytes) : bytes,
		{ limit, inline: Math.min(inlineBytes, state.memoryLeft) },
		docStore,
	);
	state.taken += content.size;
	if (blobOf(content) === null) state.memoryLeft -= content.size;
	state.unnamed.add(content);
	return content;
}

async function accept(
	documents: readonly Sent[],
	{ room, unnamed }: State,
	deps: AcceptDeps,
): Promise<(Receipt | DocDropError)[]> {
	const confirmed = await Promise.all(documents.map((one) => confirm(one, deps)));
	const reservedByOthers = deps.uploadRoom.reserved() - room;
	const results = await acceptTogether(confirmed, deps, reservedByOthers);
	for (const { checked } of confirmed) if ('stored' in checked) unnamed.delete(checked.stored);
	return results;
}

/** The error in the place of the document. */
async function confirm(sent: Sent, deps: AcceptDeps): Promise<Sent> {
	if (!('stored' in sent.checked)) return sent;
	try {
		await confirmStored(sent.checked.stored, deps);
		return sent;
	} catch (error) {
		if (!isDocDropError(error)) throw error;
		return { ...sent, checked: error };
	}
}
