import type { PreviewResponse } from '../contract/preview-schema.ts';
import { count } from './counts.ts';

/** A preview as text for a person: what is wrong, what was read, and the passages as they are. */
export function printPreview(preview: PreviewResponse): string {
	const { docId, title, mimeType, bytes, warnings, diff, chunks, state } = preview;
	return [
		...warnings.map((warning) => `WARNING    ${warning}`),
		`document   ${docId}${title === null ? '' : `  (${title})`}`,
		`read as    ${mimeType ?? 'nothing'}, ${count(bytes, 'byte')}${pagesOf(preview)}`,
		`published  ${standing[state]}: ${count(diff.added, 'passage')} to add, ${diff.kept} to keep, ${diff.removed} to remove`,
		...(chunks.length === 0 ? ['', 'It holds no text to be found by.'] : []),
		...chunks.flatMap(({ index, heading, page, tokens, text }) => [
			'',
			`${index + 1}.${page === null ? '' : ` page ${page}`}${heading === null ? '' : ` ${heading}`}${tokens === undefined ? '' : ` (${count(tokens, 'token')})`}`,
			...text.split('\n').map((line) => (line === '' ? '' : `    ${line}`)),
		]),
	].join('\n');
}

const standing = {
	new: 'not yet',
	changed: 'otherwise',
	unchanged: 'as it is',
	deleted: 'not any more',
} as const;

function pagesOf({ chunks }: PreviewResponse): string {
	const last = chunks.reduce((most, { page }) => Math.max(most, page ?? 0), 0);
	return last === 0 ? '' : `, text up to page ${last}`;
}
