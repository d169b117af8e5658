import { limits } from './limits.ts';

const encoder = new TextEncoder();

const controlCharacter = /\p{Cc}/u;

/** Why a docId cannot be used, or null. Counts what JSON schema cannot: bytes, and halves of surrogate pairs. */
export function docIdFault(docId: string): string | null {
	if (!docId.isWellFormed()) return 'must be well-formed Unicode';
	if (docId.length * 3 > limits.docIdBytes && encoder.encode(docId).length > limits.docIdBytes)
		return `must be at most ${limits.docIdBytes.toLocaleString('en')} bytes of UTF-8`;
	return controlCharacter.test(docId) ? 'must not hold control characters' : null;
}
