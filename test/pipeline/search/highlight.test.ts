import assert from 'node:assert/strict';
import { parseQuery } from '../../../api/chunking/query-words.ts';
import { limits } from '../../../api/contract/limits.ts';
import { highlighter } from '../../../api/pipeline/search/highlight.ts';

describe('highlights', () => {
	const shown = (query: string, content: string) =>
		highlighter(new Set(parseQuery(query).terms))(content).map(({ start, end }) => content.slice(start, end));

	it('are the words that give a term of the query', () => {
		assert.deepEqual(shown('installing cafés', 'Install it at the cafe, or in Cafés.'), [
			'Install',
			'cafe',
			'Cafés',
		]);
	});

	it('are the words of a script without spaces, and not the sentences that they stand in', () => {
		assert.deepEqual(shown('東京都', '東京都は日本の首都で、京都は古い。'), ['東京都', '京都']);
		assert.deepEqual(shown('索引', '向量索引跟随文件，索引快。引用'), ['索引', '索引']);
		assert.deepEqual(shown('索', '向量索引'), ['索'], 'one character, where it was asked for');
		assert.deepEqual(shown('검색', '문서를 검색합니다'), ['검색']);
		assert.deepEqual(shown('ค้นหา', 'การค้นหาเอกสาร').join(''), 'ค้นหา');
	});

	it('tell words of both kinds apart where they stand together, and fold widths', () => {
		assert.deepEqual(shown('docker ガイド', 'Docker入門ガイドとｶﾞｲﾄﾞ'), ['Docker', 'ガイド', 'ｶﾞｲﾄﾞ']);
	});

	it('are bounded, also within one run of letters', () => {
		assert.equal(shown('索引', '索引在'.repeat(200)).length, limits.highlights);
	});
});
