import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { createMemoryDocStore } from '../../doubles/memory-doc-store.ts';
import { mimeTypeNamed, mimeTypeOf } from '../../../api/contract/file-types.ts';
import type { DocumentInput } from '../../../api/contract/document-schema.ts';
import { reservedMetadata } from '../../../api/contract/stored-fields.ts';
import { DocDropError, isDocDropError } from '../../../api/errors.ts';
import { inlineBytes } from '../../../api/pipeline/accept/contents.ts';
import { createIngress } from '../../../api/pipeline/accept/ingress.ts';
import { createJobIds } from '../../../api/pipeline/accept/job-id.ts';
import type { AcceptSettings } from '../../../api/pipeline/accept/submit.ts';
import type { DocStore } from '../../../api/ports/doc-store.ts';
import type { Change, Refusal } from '../../../api/domain/change.ts';
import { readMeta } from '../../../api/domain/meta.ts';
import { createTelemetry } from '../../../api/telemetry.ts';
import { fakeClock } from '../../support/fake-clock.ts';

const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const put = (docId: string, text: string, more: Partial<DocumentInput> = {}): DocumentInput => ({
	tenant: 't',
	docId,
	content: { text },
	...more,
});
async function* pieces(...all: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
	for (const piece of all) yield Buffer.from(piece as string);
}

describe('the ingress', () => {
	let docStore: DocStore;
	let changes: Change[];
	let refusals: Refusal[];
	let blobs: Set<string>;
	let events: string[];

	beforeEach(() => {
		const memory = createMemoryDocStore();
		changes = [];
		refusals = [];
		blobs = new Set();
		events = [];
		docStore = {
			...memory,
			async accept(sent, now, limits) {
				for (const one of sent) {
					if ('refused' in one) refusals.push(one);
					else changes.push(one);
				}
				const results = await memory.accept(sent, now, limits);
				events.push('durable');
				return results;
			},
			async writeBlob(bytes) {
				const made = await memory.writeBlob(bytes);
				blobs.add(made.blob);
				return made;
			},
			async dropBlob(blob) {
				blobs.delete(blob);
				return memory.dropBlob(blob);
			},
		};
	});
	afterEach(() => docStore.close());

	const ingress = (settings: Partial<AcceptSettings> = {}) =>
		createIngress({
			docStore,
			nextJobId: createJobIds(() => 1_767_225_600_000),
			now: () => 1_767_225_600_000,
			clock: fakeClock(),
			crashPoint: (point) => events.push(point),
			telemetry: createTelemetry(),
			settings: {
				windowMs: 500,
				maxWaitMs: 5_000,
				maxPending: 100,
				maxPendingBytes: 10_000_000,
				maxFileBytes: 200_000,
				maxBufferedBytes: 200_000,
				streamable: [],
				fingerprintOf: () => 'f1',
				mimeTypes: ['text/plain', 'text/html'],
				mimeTypeOf,
				refusedTypes: new Map(),
				...settings,
			},
			limiter: null,
			uploadRoom: { reserve: async () => () => {}, reserved: () => 0 },
			wake: () => events.push('wake'),
		});
	const refused = (document: DocumentInput, settings: Partial<AcceptSettings> = {}) => {
		try {
			ingress(settings).normalise(document);
		} catch (error) {
			assert.ok(isDocDropError(error));
			return [error.code, error.field];
		}
		return null;
	};
	const one = async (document: DocumentInput, settings: Partial<AcceptSettings> = {}) => {
		const own = ingress(settings);
		const [result] = await own.accept([own.normalise(document)], {});
		assert.ok(result);
		return result;
	};

	it('hands the store what was sent, and wakes the worker only when it is durable', async () => {
		const receipt = await one(
			put('a.html', 'x', {
				title: 'T',
				metadata: { b: 1, a: 2 },
				source: { sourceId: 's', epoch: 'e', seq: 7 },
				takeOver: true,
			}),
		);
		assert.deepEqual(events, ['durable', 'after-accept', 'wake']);
		const [change] = changes;
		assert.ok(change !== undefined && !(receipt instanceof Error));
		assert.deepEqual(change.content, { sha256: sha256('x'), size: 1, body: 'x' });
		assert.equal(
			change.meta,
			'{"charset":"utf-8","metadata":{"a":2,"b":1},"mimeType":"text/html","path":null,"title":"T"}',
			'canonical, and the type by its name',
		);
		assert.deepEqual(
			[change.sourceId, change.epoch, change.seq, change.takeOver, change.priority, change.windowMs],
			['s', 'e', 7, true, 'normal', 500],
		);
		assert.equal(receipt.statusUrl, `/v1/jobs/${receipt.jobId}`);
	});

	it('without a source it is the API’s, in order of arrival; who has waited already waits no longer', async () => {
		const own = ingress();
		await own.accept([own.normalise(put('a', 'x'))], { skipWindow: true, priority: 'low' });
		const [change] = changes;
		assert.deepEqual(
			[change?.sourceId, change?.epoch, change?.seq, change?.windowMs, change?.priority],
			['api', 'api', null, 0, 'low'],
		);
	});

	it('the bytes win over a declared hash; text and base64 of the same bytes are the same', async () => {
		const text = 'héllo €';
		const base64 = Buffer.from(text).toString('base64');
		const first = await one(put('a.txt', text, { sha256: '0'.repeat(64) }));
		const second = await one({ ...put('a.txt', ''), content: { base64 } });
		assert.equal(changes[0]?.content?.sha256, sha256(text));
		assert.ok(!(first instanceof Error) && !(second instanceof Error));
		assert.deepEqual([second.state, second.follows], ['unchanged', first.jobId]);
	});

	it('any bytes come through base64 as they are', () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
				const made = ingress().normalise({
					...put('a.txt', ''),
					content: { base64: Buffer.from(bytes).toString('base64') },
				});
				assert.equal(made.sha256, sha256(bytes));
				assert.equal(made.size, bytes.length);
			}),
		);
	});

	it('the type: as it is named, else by path, else by docId, else plain text for text', () => {
		const typeOf = (more: Partial<DocumentInput>, docId = 'x') =>
			ingress().normalise(put(docId, 'x', more)).mimeType;
		assert.equal(typeOf({ mimeType: 'TEXT/HTML; charset=utf-8' }, 'a.txt'), 'text/html');
		assert.equal(typeOf({ path: 'dir/b.html' }, 'a.txt'), 'text/html');
		assert.equal(typeOf({ path: 'no-ending' }, 'a.html'), 'text/html');
		assert.equal(typeOf({}), 'text/plain');
		assert.equal(mimeTypeNamed('text/x-markdown'), 'text/markdown');
		assert.deepEqual(refused({ ...put('x', ''), content: { base64: 'AA==' } }), [
			'unsupported_type',
			'mimeType',
		]);
		assert.deepEqual(refused(put('x', 'x', { mimeType: 'image/png' })), ['unsupported_type', 'mimeType']);
		assert.throws(() => ingress().normalise(put('scan.png', 'x', { content: { base64: 'AA==' } })), {
			code: 'unsupported_type',
			hint: /DOCDROP_OCR/,
		});
	});

	it('the type: a name for any bytes is none, other names of a type are its own, and text is no PDF', () => {
		const own = ingress({ mimeTypes: ['text/plain', 'text/html', 'application/pdf'] });
		const bytes = { content: { base64: 'AA==' } };
		const typeOf = (docId: string, more: Partial<DocumentInput> = {}) =>
			own.normalise(put(docId, 'x', more)).mimeType;
		assert.equal(typeOf('a.html', { mimeType: 'application/octet-stream' }), 'text/html');
		assert.equal(typeOf('a', { ...bytes, mimeType: 'application/x-pdf' }), 'application/pdf');
		assert.equal(typeOf('a.pdf', bytes), 'application/pdf');
		assert.equal(typeOf('a.pdf'), 'text/plain', 'what somebody has read from it');
	});

	it('keeps metadata under another name where its own is one of ours', () => {
		const kept = (metadata: Record<string, unknown>) =>
			readMeta(ingress().normalise(put('a', 'x', { metadata })).meta).metadata;
		for (const name of reservedMetadata)
			assert.deepEqual(kept({ [name]: 1, b: 2 }), { b: 2, [`given_${name}`]: 1 });
		assert.deepEqual(kept({ given_page: 1 }), { given_page: 1 });
		assert.deepEqual(refused(put('a', 'x', { metadata: { page: 1, given_page: 2 } })), [
			'invalid',
			'metadata/given_page',
		]);
	});

	it('refuses numbers that are not what was sent, and names them', () => {
		const sent = (json: string) => put('a', 'x', { metadata: JSON.parse(json) as Record<string, unknown> });
		const cases: [string, RegExp][] = [
			[
				'{"a":{"b":[0,1234567890123456789]}}',
				/^metadata\/a\/b\/1 must be .* 9007199254740991, got .*12345678901234567/,
			],
			['{"x":1e999}', /^metadata\/x must be .*larger/],
			['{"x":-9007199254740992}', /^metadata\/x must be/],
		];
		for (const [json, message] of cases)
			assert.throws(() => ingress().normalise(sent(json)), { code: 'invalid', message, hint: /text/ }, json);
		assert.equal(refused(sent('{"a":9007199254740991,"b":-1.5,"c":1e-320,"d":0.1234567890123456789}')), null);
	});

	it('keeps the charset that bytes are declared in', () => {
		const charsetOf = (more: Partial<DocumentInput>, content: object = { base64: 'AA==' }) =>
			readMeta(ingress().normalise({ ...put('a.txt', ''), content, ...more } as DocumentInput).meta)
				.charset ?? null;
		assert.equal(charsetOf({ mimeType: 'text/plain; charset="KOI8-R"' }), 'koi8-r');
		assert.equal(charsetOf({ charset: 'latin1', mimeType: 'text/plain; charset=koi8-r' }), 'windows-1252');
		assert.equal(charsetOf({ mimeType: 'text/plain; charset=utf-8' }), null);
		assert.equal(charsetOf({ mimeType: 'text/plain; charset=us-ascii' }), null);
		assert.equal(charsetOf({ mimeType: 'text/plain; charset=nonsense' }), null);
		assert.equal(charsetOf({ mimeType: 'text/html; charset=utf-8' }), 'utf-8');
		assert.equal(charsetOf({ mimeType: 'text/html' }, { text: '<meta charset=gbk>' }), 'utf-8');
		assert.equal(charsetOf({ charset: 'koi8-r' }, { text: 'x' }), null);
		assert.deepEqual(refused({ ...put('a', 'x'), charset: 'nonsense' }), ['invalid', 'charset']);
	});

	it('takes base64 in lines', () => {
		const bytes = Buffer.from('x'.repeat(300));
		const lines = bytes.toString('base64').replace(/.{76}/g, '$&\r\n');
		for (const base64 of [`${lines}\n`, bytes.toString('base64'), `${bytes.toString('base64')}\n`]) {
			const { bytes: got } = ingress().normalise({ ...put('a.txt', ''), content: { base64 } });
			assert.deepEqual(Buffer.from(got ?? ''), bytes);
		}
	});

	it('refuses what no schema can say', () => {
		const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });
		const wide = (bytes: number) => ({ metadata: { a: 'x'.repeat(bytes - '{"a":""}'.length) } });
		assert.equal(refused(put('a', 'x', { metadata: { a: deep(31) } })), null);
		assert.deepEqual(refused(put('a', 'x', { metadata: { a: deep(32) } })), ['invalid', 'metadata']);
		assert.equal(refused(put('a', 'x', wide(16_384))), null);
		assert.deepEqual(refused(put('a', 'x', wide(16_385))), ['invalid', 'metadata']);
		assert.equal(refused(put('é'.repeat(512), 'x')), null);
		assert.deepEqual(refused(put(`${'é'.repeat(512)}a`, 'x')), ['invalid', 'docId']);
		assert.deepEqual(refused(put('a\nb', 'x')), ['invalid', 'docId'], 'a file may be called so');
		assert.deepEqual(refused(put('\ud800', 'x')), ['invalid', 'docId']);
		assert.deepEqual(refused(put('a', '\udc00')), ['invalid', 'content/text']);
		assert.deepEqual(refused(put('a', 'x', { source: { sourceId: 'api', epoch: 'e', seq: 1 } })), [
			'invalid',
			'source/sourceId',
		]);
		assert.deepEqual(refused({ tenant: 't', docId: 'a' }), ['invalid', 'content']);
		assert.deepEqual(refused(put('a', 'x', { op: 'delete' })), ['invalid', 'content']);
		assert.equal(refused(put('a', 'x'.repeat(200_000))), null);
		assert.deepEqual(refused(put('a', 'x'.repeat(200_001))), ['too_large', 'content']);
		assert.deepEqual(refused(put('a', '€'.repeat(66_667))), ['too_large', 'content'], 'bytes count');
		assert.deepEqual(changes, [], 'nothing was touched');
	});

	it('has a limit of its own for types that are read as a whole, and names it', () => {
		const settings = { maxBufferedBytes: 100, streamable: ['text/plain'] };
		assert.equal(refused(put('a.txt', 'x'.repeat(101)), settings), null);
		assert.equal(refused(put('a.html', 'x'.repeat(100)), settings), null);
		assert.deepEqual(refused(put('a.html', 'x'.repeat(101)), settings), ['too_large', 'content']);
		assert.throws(() => ingress(settings).normalise(put('a.html', 'x'.repeat(101))), {
			message: 'content must be at most 100 bytes of text/html, which is read as a whole, got 101',
		});
	});

	it('takes the good of a batch and hands each error back in its place', async () => {
		const own = ingress();
		const bad = (n: number) => new DocDropError('invalid', `number ${n}`);
		const results = await own.accept(
			[bad(0), own.normalise(put('a', 'x')), bad(2), own.normalise(put('b', 'y')), bad(4)],
			{},
		);
		assert.deepEqual(
			results.map((result) => (result instanceof Error ? result.message : result.docId)),
			['number 0', 'a', 'number 2', 'b', 'number 4'],
		);
		events = [];
		assert.equal((await own.accept([bad(0)], {})).length, 1);
		assert.deepEqual(events, [], 'no transaction for nothing');
	});

	it('tells of a refused document in the transaction of the others, and names the receipt', async () => {
		const own = ingress();
		const documents = [put('pic.xyz', 'x', { mimeType: 'image/png' }), put('a', 'x'), put('b\u0000', 'x')];
		const [refusedOne, accepted, nameless] = await own.accept(documents.map(own.check), {});
		assert.deepEqual(
			refusals.map(({ docId, op, refused }) => [docId, op, refused.code]),
			[['pic.xyz', 'put', 'unsupported_type']],
		);
		assert.equal(events.filter((event) => event === 'durable').length, 1, 'one transaction');
		assert.ok(refusedOne instanceof DocDropError && nameless instanceof DocDropError);
		assert.equal(refusedOne.jobId, refusals[0]?.jobId);
		assert.match(refusedOne.message, /image\/png/);
		assert.ok(accepted !== undefined && !(accepted instanceof Error));
		assert.equal(nameless.jobId, undefined, 'what has no name has no receipt');
		const [, again] = await own.accept(
			[put('x.xyz', 'x', { mimeType: 'image/png' }), put('l', 'l'.repeat(inlineBytes + 1))].map(own.check),
			{},
		);
		assert.ok(again !== undefined && !(again instanceof Error), 'beside a large one too');
	});

	it('large contents wait in files, small ones in the row, at the very byte', async () => {
		const small = 's'.repeat(inlineBytes);
		const large = 'l'.repeat(inlineBytes + 1);
		const own = ingress();
		await own.accept(
			[
				own.normalise(put('s', small)),
				own.normalise(put('l', large)),
				own.normalise({ tenant: 't', docId: 'gone', op: 'delete' }),
			],
			{},
		);
		const [first, second, third] = changes;
		assert.equal(first?.content?.body, small);
		assert.ok(typeof second?.content?.body === 'object' && 'blob' in second.content.body);
		assert.equal(second.content.sha256, sha256(large));
		assert.equal(third?.content, null);
		assert.equal(blobs.size, 1);
	});

	it('a file that nobody will read goes: unchanged, stale, owned or full', async () => {
		const large = 'l'.repeat(inlineBytes + 1);
		const source = (seq: number) => ({ sourceId: 's', epoch: 'e', seq });
		await one(put('a', large, { source: source(5) }));
		assert.equal(blobs.size, 1);
		const states = [];
		for (const [document, settings] of [
			[put('a', large, { source: source(6) }), {}],
			[put('a', `${large}!`, { source: source(1) }), {}],
			[put('a', `${large}!`), {}],
			[put('b', large), { maxPending: 1 }],
		] as const) {
			const result = await one(document, settings);
			states.push(result instanceof Error ? result.code : result.state);
			assert.equal(blobs.size, 1, states.at(-1));
		}
		assert.deepEqual(states, ['unchanged', 'stale', 'owned', 'queue_full']);
	});

	it('a file of a change that the store could not take goes, and so do those beside one that could not be written', async () => {
		const large = 'l'.repeat(inlineBytes + 1);
		const own = ingress();
		const { accept, writeBlob } = docStore;
		const full = new DocDropError('disk_full', 'the disk is full');
		docStore.accept = () => Promise.reject(full);
		await assert.rejects(own.accept([own.normalise(put('a', large))], {}), full);
		assert.deepEqual([...blobs], []);
		await assert.rejects(own.acceptStream({ tenant: 't', docId: 'a.txt' }, pieces(large), {}), full);
		assert.deepEqual([...blobs], []);
		docStore.accept = accept;
		let writes = 0;
		docStore.writeBlob = (bytes) => ((writes += 1) === 2 ? Promise.reject(full) : writeBlob(bytes));
		const documents = ['a', 'b', 'c'].map((docId) => own.normalise(put(docId, large)));
		await assert.rejects(own.accept(documents, {}), full);
		assert.deepEqual([writes, [...blobs]], [3, []]);
	});

	it('a file that cannot be removed is no reason to refuse what was taken', async () => {
		const large = 'l'.repeat(inlineBytes + 1);
		await one(put('a', large));
		docStore.dropBlob = () => Promise.reject(new DocDropError('store_unavailable', 'not now'));
		const again = await one(put('a', large));
		assert.ok(!(again instanceof Error));
		assert.equal(again.state, 'unchanged');
		assert.equal(events.at(-1), 'wake');
	});

	it('at the bound it says when to come back; what waits already may change', async () => {
		await one(put('a', 'x'), { maxPending: 1 });
		const full = await one(put('b', 'x'), { maxPending: 1 });
		assert.ok(isDocDropError(full));
		assert.deepEqual([full.code, full.retryable, full.retryAfterMs], ['queue_full', true, 5_000]);
		const changed = await one(put('a', 'y'), { maxPending: 1 });
		assert.ok(!(changed instanceof Error) && changed.superseded !== undefined);
		const bytes = await one(put('c', 'x'.repeat(100)), { maxPendingBytes: 50 });
		assert.ok(isDocDropError(bytes) && bytes.code === 'queue_full');
	});

	describe('streams', () => {
		const stream = (bytes: AsyncIterable<Uint8Array>, docId = 'a.txt') =>
			ingress().acceptStream({ tenant: 't', docId }, bytes, {});

		it('small ones need no file, large ones are one, and the hash is that of the bytes', async () => {
			await stream(pieces('he', '', 'llo'));
			await stream(pieces(), 'empty.txt');
			await stream(pieces('x'.repeat(inlineBytes), 'y'), 'large.txt');
			const [small, empty, large] = changes.map(({ content }) => content);
			assert.equal(small?.sha256, sha256('hello'));
			assert.deepEqual([empty?.size, empty?.sha256], [0, sha256('')]);
			assert.deepEqual(
				[large?.size, large?.sha256],
				[inlineBytes + 1, sha256(`${'x'.repeat(inlineBytes)}y`)],
			);
			assert.deepEqual([...blobs].length, 1);
		});

		it('however a file is cut, it is the same file', async () => {
			await fc.assert(
				fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40_000 }), { maxLength: 6 }), async (cuts) => {
					changes = [];
					await stream(pieces(...cuts), 'cut.txt');
					const whole = Buffer.concat(cuts);
					assert.deepEqual(
						[changes[0]?.content?.sha256, changes[0]?.content?.size],
						[sha256(whole), whole.length],
					);
				}),
				{ numRuns: 25 },
			);
		});

		it('above the limit, cut off, or refused: nothing is accepted and no file stays', async () => {
			const big = async function* () {
				for (let n = 0; n < 10; n += 1) yield Buffer.alloc(40_000, 'a');
			};
			const torn = async function* () {
				yield Buffer.alloc(100_000, 'a');
				throw new Error('aborted');
			};
			await assert.rejects(stream(big()), { code: 'too_large', field: 'content' });
			await assert.rejects(stream(torn()), /aborted/);
			await assert.rejects(stream(pieces('x'), 'nameless'), { code: 'unsupported_type' });
			await assert.rejects(stream(pieces('x'), 'a\u0000.txt'), { code: 'invalid', field: 'docId' });
			assert.deepEqual([changes, [...blobs]], [[], []]);
			assert.deepEqual(
				refusals.map(({ docId, refused }) => [docId, refused.code]),
				[
					['a.txt', 'too_large'],
					['nameless', 'unsupported_type'],
				],
			);
		});

		it('other bytes than those that were asked for are not taken, and leave neither file nor receipt', async () => {
			for (const text of ['small', 'l'.repeat(inlineBytes + 1)]) {
				const only = (ifSha256: string) =>
					ingress().acceptStream({ tenant: 't', docId: 'seen.txt' }, pieces(text), { ifSha256 });
				const before = [changes.length, refusals.length, blobs.size];
				await assert.rejects(only(sha256('other')), { code: 'changed_since', field: 'ifSha256' });
				assert.deepEqual([changes.length, refusals.length, blobs.size], before);
				const { state, sha256: taken } = await only(sha256(text));
				assert.deepEqual([state, taken], ['accepted', sha256(text)]);
			}
		});

		it('reads nothing of what it refuses beforehand', async () => {
			let read = 0;
			const counted = async function* () {
				read += 1;
				yield Buffer.from('x');
			};
			await assert.rejects(stream(counted(), 'nameless'), { code: 'unsupported_type' });
			assert.equal(read, 0);
		});

		it('a refusal of the store is the caller’s', async () => {
			await one(put('a.txt', 'x', { source: { sourceId: 's', epoch: 'e', seq: 1 } }));
			await assert.rejects(stream(pieces('y')), { code: 'owned' });
		});
	});
});
