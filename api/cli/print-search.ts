import type { SearchHit, SearchResponse } from '../contract/search-schema.ts';
import { count } from './counts.ts';

/** What `docdrop search` says, as text for a person. */
const clip = (text: string, length: number) => {
	const line = text.replace(/\s+/g, ' ').trim();
	return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
};

export function printSearch({ results, next, facets, hint, tookMs }: SearchResponse, query: string): string {
	const note = hint === null ? '' : `\n${hint}`;
	if (results.length === 0) return `Nothing found for ${JSON.stringify(query)}.${note}`;
	const more = next === null ? '' : `, more with --offset ${next}`;
	return [
		...results.map(hitLines),
		...(facets === undefined ? [] : ['', ...facetLines(facets)]),
		'',
		`${count(results.length, 'result')} in ${Math.round(tookMs)} ms${more}${note}`,
	].join('\n');
}

function hitLines(hit: SearchHit, index: number): string {
	const title = hit.heading ?? hit.title;
	const place = [title === null ? null : clip(title, 80), hit.page === null ? null : `page ${hit.page}`]
		.filter((part) => part !== null)
		.join(', ');
	const around = (texts: readonly string[] = []) => texts.map((text) => `    | ${clip(text, 200)}`);
	return [
		`${String(index + 1).padStart(2)}. ${hit.path ?? hit.docId}${place === '' ? '' : `  (${place})`}`,
		...around(hit.context?.before),
		`    ${excerpt(hit)}`,
		...around(hit.context?.after),
		...(hit.explain === undefined ? [] : [`    score ${rounded(hit.score)}: ${explained(hit.explain)}`]),
	].join('\n');
}

/** From a little before the first word of the query on, with these words between stars. */
function excerpt({ content, highlights = [] }: SearchHit): string {
	const [first] = highlights;
	if (first === undefined) return clip(content, 200);
	const from = Math.max(0, first.start - 60);
	let at = from;
	let text = from === 0 ? '' : '…';
	for (const { start, end } of highlights) {
		text += `${content.slice(at, start)}*${content.slice(start, end)}*`;
		at = end;
	}
	return clip(text + content.slice(at), 200);
}

function explained({ dense, text, rerank }: NonNullable<SearchHit['explain']>): string {
	const place = (name: string, of: typeof dense) =>
		of === null ? `not ${name}` : `${name} ${of.rank}. (${rounded(of.score)})`;
	const order = rerank === undefined ? '' : `, ${place('by the reranker', rerank)}`;
	return `${place('by meaning', dense)}, ${place('by words', text)}${order}`;
}

const rounded = (score: number) => String(Math.round(score * 1_000) / 1_000);

const facetLines = (facets: NonNullable<SearchResponse['facets']>): string[] =>
	Object.entries(facets).map(([name, values]) => {
		const said = values.map(({ value, documents }) => `${clip(String(value), 60)} (${documents})`);
		return `${name}: ${said.length === 0 ? 'no value' : said.join(', ')}`;
	});
