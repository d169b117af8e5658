import { tokenize } from './tokenize.ts';

const LONGEST_NAME = 200;

/**
 * A chunk's terms as the index holds them: with the words of its document's file name, so that `invoice-2024-0042.pdf`
 * is found by them. They follow from the docId, which names the chunk's point too: a point never has another one's.
 */
export function indexedTerms(terms: string, docId: string): string {
	const named = nameTerms(docId);
	return named === '' ? terms : terms === '' ? named : `${terms} ${named}`;
}

/** Of the last part of a path, without its ending; of anything else too, as a docId may be any text. */
function nameTerms(docId: string): string {
	const parts = docId.split(/[\\/]/);
	const name = (parts.at(-1) ?? '').slice(-LONGEST_NAME).replace(/(?<=.)\.[A-Za-z0-9]{1,8}$/, '');
	return [...new Set(tokenize(name))].join(' ');
}
