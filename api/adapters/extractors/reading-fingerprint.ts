/**
 * What decides which chunks a file gives, beside its bytes and its own fields: part of "unchanged". It is told at the
 * door, by the type that a name or a sender gives, and holds only what can have a part in reading files of that type:
 * whoever turns text recognition on does not have every Markdown file read anew. A file whose content is of another
 * type than it is sent as goes by the type it was sent as.
 */
import { hash } from 'node:crypto';
import { isPicture, mimeTypeNamed } from '../../contract/file-types.ts';
import { CHUNKER_VERSION, type ChunkSettings, TERMS_VERSION } from '../../chunking/index.ts';
import { TOKENS } from './count-tokens.ts';
import type { CheckedOcr } from './ocr-data.ts';
import type { UnwantedTypes } from './readers.ts';

/** Grows whenever an extractor may give other blocks for the same bytes. */
const EXTRACTORS_VERSION = 5;

/** Whatever is attached to a message is read as well; and what a wiki or a browser saves as Word may be a message. */
const messages: readonly string[] = ['message/rfc822', 'application/vnd.ms-outlook', 'application/msword'];

/** See `Extractor.fingerprintOf`. */
export function readingFingerprint({
	chunking,
	ocr,
	unwanted = {},
}: {
	readonly chunking: ChunkSettings;
	readonly ocr?: Pick<CheckedOcr, 'fingerprint'> | undefined;
	readonly unwanted?: UnwantedTypes;
}): (mimeType: string) => string {
	const sizes =
		'maxTokens' in chunking
			? `${chunking.maxTokens}:${chunking.overlapTokens}:${TOKENS}`
			: `${chunking.maxChars}:${chunking.overlapChars}`;
	const read = `x${EXTRACTORS_VERSION}c${CHUNKER_VERSION}t${TERMS_VERSION}:${sizes}`;
	const recognised = ocr === undefined ? '' : `+${ocr.fingerprint}`;
	const ruledOut = Object.keys(unwanted).sort().join(' ');
	const without = ruledOut === '' ? '' : `+without-${hash('sha256', ruledOut).slice(0, 12)}`;
	return (mimeType) => {
		// The content of a type that nobody knows decides what it is, and may be anything.
		const holdsFiles = messages.includes(mimeType) || mimeTypeNamed(mimeType) === null;
		const holdsPictures = holdsFiles || mimeType === 'application/pdf' || isPicture(mimeType);
		return read + (holdsPictures ? recognised : '') + (holdsFiles ? without : '');
	};
}
