import assert from 'node:assert/strict';
import { printSearch } from '../../api/cli/print-search.ts';
import { searchRequest } from '../../api/cli/search-request.ts';
import { UsageError } from '../../api/cli/usage-error.ts';
import type { SearchHit, SearchResponse } from '../../api/contract/search-schema.ts';

describe('docdrop search', () => {
	const asked = { tenant: 't', query: 'words' };

	it('asks for what it is told, and for five results where it is told nothing', () => {
		assert.deepEqual(searchRequest({}, asked), { ...asked, limit: 5, mode: 'hybrid' });
		assert.deepEqual(
			searchRequest(
				{
					...{ limit: '20', offset: '40', mode: 'text', filter: '{"a":{"gte":1}}', 'min-score': '0.25' },
					...{ 'by-document': true, context: '2', highlight: true, explain: true, facets: 'a, b' },
				},
				asked,
			),
			{
				...{ ...asked, limit: 20, offset: 40, mode: 'text', filter: { a: { gte: 1 } }, minScore: 0.25 },
				...{ groupByDocument: true, context: 2, highlight: true, explain: true, facets: ['a', 'b'] },
			},
		);
	});

	it('refuses by its name what it does not take', () => {
		const wrong: readonly [Parameters<typeof searchRequest>[0], RegExp][] = [
			[{ limit: '101' }, /--limit must be 1 to 100/],
			[{ limit: '' }, /--limit must be/],
			[{ offset: '200' }, /--offset must be 0 to 199/],
			[{ context: '1.5' }, /--context must be 0 to 5/],
			[{ 'min-score': 'high' }, /--min-score must be 0 to 1/],
			[{ mode: 'fuzzy' }, /--mode must be hybrid, dense or text/],
			[{ filter: 'author=Ana' }, /--filter must be JSON/],
			[{ filter: '["a"]' }, /--filter must be an object/],
		];
		for (const [given, message] of wrong) {
			assert.throws(
				() => searchRequest(given, asked),
				(error) => error instanceof UsageError && message.test(error.message),
			);
		}
	});

	const hit: SearchHit = {
		...{
			docId: 'a.md',
			pointId: 'p',
			score: 0.51234,
			title: 'A',
			path: null,
			heading: null,
			page: 3,
			version: 1,
		},
		...{ content: 'Set the rpath of the library.', metadata: {} },
	};
	const answer = (change: Partial<SearchResponse>): SearchResponse => ({
		...{ results: [hit], next: null, mode: 'hybrid', hint: null, tookMs: 1.4, ...change },
	});

	it('shows passages, and beside them what was asked for', () => {
		assert.equal(
			printSearch(answer({}), 'rpath'),
			' 1. a.md  (A, page 3)\n    Set the rpath of the library.\n\n1 result in 1 ms',
		);
		const more: SearchHit = {
			...hit,
			context: { before: ['One before.'], after: ['One behind.'] },
			highlights: [
				{ start: 8, end: 13 },
				{ start: 21, end: 28 },
			],
			explain: { dense: { rank: 2, score: 0.81234 }, text: null },
		};
		const facets = { kind: [{ value: 'guide', documents: 2 }], none: [] };
		assert.deepEqual(printSearch(answer({ results: [more], next: 5, facets }), 'rpath').split('\n'), [
			' 1. a.md  (A, page 3)',
			'    | One before.',
			'    Set the *rpath* of the *library*.',
			'    | One behind.',
			'    score 0.512: by meaning 2. (0.812), not by words',
			'',
			'kind: guide (2)',
			'none: no value',
			'',
			'1 result in 1 ms, more with --offset 5',
		]);
	});

	it('begins a long passage near the first word of the query', () => {
		const content = `${'before '.repeat(60)}rpath ${'behind '.repeat(60)}`;
		const start = content.indexOf('rpath');
		const long = { ...hit, content, highlights: [{ start, end: start + 5 }] };
		const shown = printSearch(answer({ results: [long] }), 'rpath').split('\n')[1] ?? '';
		assert.match(shown, /^ {4}….{55,65}\*rpath\*.*…$/);
	});
});
