import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createRequestBody, round } from '../../../api/adapters/qdrant/body.ts';
import { documentVector, queryVector, termIndex } from '../../../api/adapters/qdrant/sparse.ts';
import { parseRetryAfter } from '../../../api/adapters/qdrant/failures.ts';
import { parseEndpoint } from '../../../api/adapters/qdrant/qdrant-transport.ts';
import { payloadBodies, upsertBodies } from '../../../api/adapters/qdrant/write-plan.ts';
import { newPayloads, storedPoint } from '../../../api/adapters/qdrant/payload.ts';
import type { DocWrite, NewPoint } from '../../../api/ports/vector-store.ts';
import { all, docWrite, idOf, point } from './fixture.ts';
import { docFields } from '../../support/doc-fields.ts';

const payloadOf = (write: DocWrite, one: NewPoint) =>
	JSON.parse(newPayloads(write)(one)) as Record<string, unknown>;

describe('sparse vectors for Qdrant', () => {
	it('gives a term the same index for ever', () => {
		const indices = ['install', 'rpath', 'größe', '検索', ''].map(termIndex);
		assert.deepEqual(indices, [4136233035, 704071492, 419985943, 3401838933, 2872998923]);
	});

	it('spreads 200,000 terms over 32 bits as chance would', () => {
		const seen = new Set<number>();
		for (let n = 0; n < 200_000; n += 1) seen.add(termIndex(`term${n}`));
		// Chance: 4.7 pairs.
		assert.ok(200_000 - seen.size <= 20, `${200_000 - seen.size} collisions`);
		const high = [...seen].filter((index) => index >= 2 ** 31).length / seen.size;
		assert.ok(high > 0.49 && high < 0.51);
	});

	it('has unique unsigned indices, and values between 0 and k1 + 1 that grow with the count', () => {
		fc.assert(
			fc.property(
				fc.array(fc.constantFrom('a', 'b', 'c', 'dd', 'ee'), { minLength: 1, maxLength: 600 }),
				(terms) => {
					const vector = documentVector(terms.join(' '));
					assert.ok(vector);
					assert.equal(new Set(vector.indices).size, vector.indices.length);
					assert.equal(vector.indices.length, new Set(terms).size);
					assert.ok(
						vector.indices.every((index) => Number.isInteger(index) && index >= 0 && index < 2 ** 32),
					);
					assert.ok(vector.values.every((value) => value > 0 && value < 2.2));
					const count = (term: string) => terms.filter((each) => each === term).length;
					const value = (term: string) => vector.values[vector.indices.indexOf(termIndex(term))] ?? 0;
					assert.equal(Math.sign(value('a') - value('b')), Math.sign(count('a') - count('b')));
				},
			),
		);
	});

	it('follows the formula of BM25 with an average length of 256', () => {
		assert.deepEqual(documentVector(' x  x ')?.values, [
			round((2 * 2.2) / (2 + 1.2 * (0.25 + (0.75 * 2) / 256))),
		]);
		assert.equal(documentVector(''), null);
		assert.equal(documentVector('  '), null);
		assert.deepEqual(queryVector(['x', 'x', 'y'])?.values, [1, 1]);
		assert.equal(queryVector(['']), null);
	});
});

describe('numbers in a body for Qdrant', () => {
	const written = (write: (body: ReturnType<typeof createRequestBody>) => void) => {
		const body = createRequestBody(1);
		body.text('[');
		write(body);
		body.text(']');
		return JSON.parse(body.close().toString()) as number[];
	};

	it('are those of seven decimals, whatever their size', () => {
		const number = fc.oneof(
			fc.float({ noNaN: true, noDefaultInfinity: true }),
			fc.double({ min: -1, max: 1, noNaN: true }),
			fc.constantFrom(0, -0, 1, -1, 1e-8, 4e-8, 6e-8, -6e-8, 0.99999999, 9.99999999, 99.99999999, 100, 1e21),
		);
		fc.assert(
			fc.property(fc.array(number), (values) => {
				const read = written((body) => body.decimals(values));
				// JSON has a -0, and nobody cares which of the two it is.
				assert.deepEqual(
					read.map((value) => value + 0),
					values.map((value) => round(value) + 0),
				);
			}),
			{ numRuns: 500 },
		);
	});

	it('are unsigned integers of 32 bits', () => {
		const edges = [0, 9, 10, 99, 999_999_999, 1_000_000_000, 1_000_000_001, 4_000_000_000, 2 ** 32 - 1];
		fc.assert(
			fc.property(fc.array(fc.oneof(fc.constantFrom(...edges), fc.nat(2 ** 32 - 1))), (values) => {
				assert.deepEqual(
					written((body) => body.integers(values)),
					values,
				);
			}),
		);
	});
});

describe('requests to Qdrant', () => {
	it('hold every point exactly once, within the limits', async () => {
		const sizes = fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 1, maxLength: 40 });
		await fc.assert(
			fc.asyncProperty(
				sizes,
				fc.integer({ min: 1, max: 7 }),
				fc.integer({ min: 600, max: 3_000 }),
				async (contents, maxPoints, maxBytes) => {
					const points = contents.map((size, n) => point(`p${n}`, { content: 'ü'.repeat(size) }));
					const writes = [docWrite('d1', points.slice(0, 3)), docWrite('d2', points.slice(3))];
					const bodies = await all(upsertBodies(writes, { maxPoints, maxBytes }));
					const sent = bodies.map(({ body }) => JSON.parse(body.toString()) as { points: { id: string }[] });
					assert.deepEqual(
						sent.map((body) => body.points.length),
						bodies.map((body) => body.points),
					);
					assert.deepEqual(
						sent.flatMap((body) => body.points.map((p) => p.id)),
						points.map((p) => p.id),
					);
					for (const [at, body] of sent.entries()) {
						assert.ok(body.points.length <= maxPoints);
						assert.ok(body.points.length === 1 || bodies[at]!.body.length <= maxBytes + 150);
					}
				},
			),
			{ numRuns: 30 },
		);
	});

	it('lets the event loop go on while a large write is serialised', async () => {
		const vector = new Float32Array(1_536).fill(0.025515518);
		const points = Array.from({ length: 256 }, (_, n) => point(`p${n}`, { vector }));
		let turns = 0;
		let done = false;
		const tick = () => void ((turns += 1), done || setImmediate(tick));
		setImmediate(tick);
		await all(upsertBodies([docWrite('d1', points)], { maxPoints: 256, maxBytes: 2 ** 30 }));
		done = true;
		assert.ok(turns >= 10, `${turns} turns`);
	});

	it('cut a long list of kept points into filters of 1,000', () => {
		const kept = Array.from({ length: 2_500 }, (_, n) => idOf(`k${n}`));
		const bodies = [...payloadBodies([docWrite('d1', [], { kept })], { maxPoints: 2, maxBytes: 2 ** 30 })];
		assert.deepEqual(
			bodies.map((each) => each.operations),
			[2, 1],
		);
		const [first] = bodies.map(
			(each) =>
				JSON.parse(each.body) as { operations: { set_payload: { filter: { must: [{ has_id: [] }] } } }[] },
		);
		assert.equal(first?.operations[0]?.set_payload.filter.must[0].has_id.length, 1_000);
		assert.deepEqual([...payloadBodies([docWrite('d1', [point('a')])], { maxPoints: 9, maxBytes: 999 })], []);
	});

	it('keep a payload through Qdrant and back', () => {
		const json = fc.dictionary(
			fc
				.string({ minLength: 1 })
				.filter(
					(name) => !Object.hasOwn(payloadOf(docWrite('d', []), point('a'))['metadata'] as object, name),
				),
			fc.jsonValue().filter((value) => value !== null),
			{ maxKeys: 5 },
		);
		fc.assert(
			fc.property(json, fc.option(fc.string()), fc.option(fc.nat()), (extra, heading, page) => {
				if (['path', 'title', 'heading', 'page'].some((name) => Object.hasOwn(extra, name))) return;
				const plain = JSON.parse(JSON.stringify(extra)) as Record<string, unknown>;
				const write = docWrite('d1', [], { fields: docFields({ extra: plain, path: null }) });
				const one = point('a', { heading, page });
				const back = storedPoint(one.id, payloadOf(write, one));
				const { id, content, order } = one;
				assert.deepEqual(back, {
					id,
					content,
					order,
					heading,
					page,
					tenant: 'acme',
					docId: 'd1',
					fields: write.fields,
				});
			}),
		);
	});
});

describe('what Qdrant and proxies say', () => {
	it('is a Retry-After in seconds or as a date, or nothing', () => {
		const now = Date.parse('2026-11-22T10:00:00Z');
		assert.equal(parseRetryAfter('37', now), 37_000);
		assert.equal(parseRetryAfter(' 0 ', now), 0);
		assert.equal(parseRetryAfter('Sun, 22 Nov 2026 10:00:05 GMT', now), 5_000);
		assert.equal(parseRetryAfter('Sun, 22 Nov 2026 09:00:00 GMT', now), 0);
		for (const nothing of [null, '', 'soon', '-3', '1.5e3x'])
			assert.equal(parseRetryAfter(nothing, now), undefined);
	});

	it('is reached at the port that the address names, or at 6333', () => {
		const at = (url: string) => parseEndpoint(url);
		assert.deepEqual(at('http://localhost:6399'), { origin: 'http://localhost:6399', prefix: '' });
		assert.deepEqual(at('http://localhost'), { origin: 'http://localhost:6333', prefix: '' });
		assert.deepEqual(at('https://q.example:443/'), { origin: 'https://q.example:443', prefix: '' });
		assert.deepEqual(at('https://q.example/db/one/'), {
			origin: 'https://q.example:6333',
			prefix: '/db/one',
		});
		assert.deepEqual(at('http://[::1]:80/x'), { origin: 'http://[::1]:80', prefix: '/x' });
		for (const wrong of ['', 'localhost:6333', 'ftp://q.example', 'q']) {
			assert.throws(() => at(wrong), { code: 'config_invalid' });
		}
	});
});
