import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteDocStore } from '../../../api/adapters/sqlite/index.ts';
import { createContentRooms } from '../../../api/pipeline/accept/content-rooms.ts';
import { changeOf } from '../../support/leased-documents.ts';

const longest = 65_536;
const textOf = (content: string | Uint8Array) =>
	typeof content === 'string' ? content : Buffer.from(content).toString();

describe('rooms for contents', () => {
	it('keep copies of texts and bytes apart, however many there are', () => {
		const room = createContentRooms(longest).open();
		const texts = Array.from({ length: 100 }, (_, n) => `${n} é€𝄞 `.repeat(n * 50).slice(0, 20_000));
		const kept = texts.map((text, n) => room.take(n % 2 === 0 ? text : Buffer.from(text)));
		assert.deepEqual(kept.map(textOf), texts);
		assert.ok(kept.every((one) => typeof one !== 'string'));
		assert.equal(hash('sha256', kept[8] as Uint8Array, 'hex'), hash('sha256', texts[8] ?? '', 'hex'));
	});

	it('leave what is long as it is', () => {
		const room = createContentRooms(longest).open();
		const long = 'x'.repeat(longest + 1);
		assert.equal(room.take(long), long);
		assert.equal(textOf(room.take('€'.repeat(longest / 3))).length, Math.floor(longest / 3));
		assert.equal(room.take('€'.repeat(longest / 3 + 1)), '€'.repeat(longest / 3 + 1));
	});

	it('are never in two requests at once, and are used again when they are closed', () => {
		const rooms = createContentRooms(longest);
		const memoryOf = (content: string | Uint8Array) => (content as Uint8Array).buffer;
		const [first, second] = [rooms.open(), rooms.open()];
		const ofFirst = first.take('first');
		const ofSecond = second.take('second');
		assert.notEqual(memoryOf(ofFirst), memoryOf(ofSecond));
		first.close();
		first.close();
		const third = rooms.open();
		const fourth = rooms.open();
		const ofThird = third.take('third');
		assert.equal(memoryOf(ofThird), memoryOf(ofFirst));
		assert.notEqual(memoryOf(fourth.take('fourth')), memoryOf(ofFirst));
		assert.deepEqual([textOf(ofSecond), textOf(ofThird)], ['second', 'third']);
		const ofClosed = first.take('again');
		assert.notEqual(memoryOf(ofClosed), memoryOf(ofThird));
	});

	it('may be written over once the store has answered', async () => {
		const dir = await mkdtemp(join(tmpdir(), 'docdrop-rooms-'));
		const store = await openSqliteDocStore({ dir });
		try {
			const rooms = createContentRooms(longest);
			const noLimits = { maxPending: Infinity, maxPendingBytes: Infinity };
			const textOfDocument = (docId: string) => `${docId} `.padEnd(Number(docId.split('-')[0]), 'x');
			const send = async (request: string) => {
				const room = rooms.open();
				const changes = Array.from({ length: 20 }, (_, n) => {
					const docId = `${request}-${n}`;
					const change = changeOf(docId, textOfDocument(docId));
					const { sha256 = '', size = 0 } = change.content ?? {};
					return { ...change, content: { sha256, size, body: room.take(textOfDocument(docId)) } };
				});
				await store.accept(changes, 1, noLimits);
				room.close();
			};
			// Few bytes go into rows, many into a segment.
			for (const length of [10, 20_000]) {
				for (let round = 0; round < 3; round += 1) {
					await Promise.all(['a', 'b', 'c'].map((caller) => send(`${length}-${round}-${caller}`)));
				}
			}
			const claimed = await store.claim({ now: 9, limit: 500, maxBytes: 1e9, leaseMs: 1_000 });
			assert.equal(claimed.length, 360);
			for (const { docId, content } of claimed)
				assert.equal(textOf(content?.body as Uint8Array), textOfDocument(docId));
		} finally {
			await store.close();
			await rm(dir, { recursive: true, force: true });
		}
	});
});
