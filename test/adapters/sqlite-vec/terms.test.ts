import assert from 'node:assert/strict';
import fc from 'fast-check';
import { limits } from '../../../api/contract/limits.ts';
import {
	createTermIndexer,
	matchExpression as expressionOf,
	type TextQuery,
} from '../../../api/adapters/sqlite-vec/terms.ts';

const index = createTermIndexer();
const indexedTerms = (tenant: number, terms: string) =>
	Buffer.from(index(tenant, Buffer.from(terms))).toString();

const matchExpression = (tenant: number, terms: readonly string[], rest: Partial<TextQuery> = {}) =>
	expressionOf(tenant, { terms, phrases: [], without: [], ...rest });

describe('terms', () => {
	it('are marked with the number of their tenant', () => {
		assert.equal(
			indexedTerms(7, 'install cmake_rpath zürich 日本'),
			'7_install 7_cmake_rpath 7_zürich 7_日本',
		);
		assert.equal(matchExpression(7, ['install', 'or', 'install']), '"7_install" OR "7_or"');
	});

	it('ask for phrases, and for what must not be', () => {
		const words = { phrases: [['a', 'b'], ['"']], without: [['c'], ['d', 'e f']] };
		const expected = '(("7_a" OR "7_b") AND ("7_a 7_b")) NOT ("7_c" OR "7_d 7_e 7_f")';
		assert.equal(matchExpression(7, ['a', 'b'], words), expected);
		assert.equal(matchExpression(7, ['"'], words), null);
	});

	it('leave nothing where there is nothing', () => {
		for (const terms of ['', ' ', '"-*()\0']) {
			assert.equal(indexedTerms(1, terms), '');
			assert.equal(matchExpression(1, [terms]), null);
		}
		assert.equal(matchExpression(1, []), null);
	});

	it('are cut alike for the index and for a query, and all belong to the tenant, whatever they hold', () => {
		fc.assert(
			fc.property(fc.nat(99), fc.string({ unit: 'binary' }), (tenant, text) => {
				const tokens = indexedTerms(tenant, text).split(' ');
				const query = matchExpression(tenant, [text])?.split(' OR ') ?? [];
				assert.deepEqual(
					new Set(query),
					new Set(tokens.filter((token) => token !== '').map((token) => `"${token}"`)),
				);
				for (const token of query) assert.match(token, new RegExp(`^"${tenant}_[\\w\\u0080-\\uffff]+"$`));
			}),
		);
	});

	it('are not more than a search can bear', () => {
		const many = Array.from({ length: 5_000 }, (_, index) => `t${index}`);
		assert.equal(matchExpression(1, many)?.split(' OR ').length, limits.searchTerms);
	});
});
