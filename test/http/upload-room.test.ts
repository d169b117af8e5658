import assert from 'node:assert/strict';
import { connect, type AddressInfo } from 'node:net';
import { httpInMemory } from '../support/http-in-memory.ts';
import { sendRaw } from '../support/raw-http.ts';
import { createMemoryDocStore } from '../doubles/memory-doc-store.ts';
import { mimeTypeOf } from '../../api/contract/file-types.ts';
import { until } from '../support/settled.ts';

/** An upload that there is no room for is refused before it comes. */
describe('the room that uploads may take', () => {
	it('is reserved before they are received, and free when they end', async () => {
		const docStore = createMemoryDocStore();
		let written = 0;
		const { writeBlob } = docStore;
		Object.assign(docStore, {
			writeBlob: (bytes: AsyncIterable<Uint8Array>) => {
				written += 1;
				return writeBlob(bytes);
			},
		});
		const accept = {
			...{ windowMs: 0, maxWaitMs: 0, maxPending: 100, maxPendingBytes: 400_000 },
			...{ maxFileBytes: 1_000_000, maxBufferedBytes: 1_000_000, streamable: [], fingerprintOf: () => 'f' },
			...{ mimeTypes: ['text/plain'], mimeTypeOf, refusedTypes: new Map() },
		};
		const made = await httpInMemory({}, { docStore, worker: null, accept });
		try {
			await made.http.listen({ host: '127.0.0.1', port: 0 });
			const { port } = made.http.server.address() as AddressInfo;
			const put = (docId: string, length: number, body = 'x'.repeat(length), hangUp = false) =>
				sendRaw(
					port,
					[
						`PUT /v1/documents/content?tenant=t&docId=${docId}.txt HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\nconnection: close\r\ncontent-length: ${length}\r\n\r\n`,
						body,
					],
					{ hangUp },
				);
			const tooMuch = await put('large', 500_000);
			assert.deepEqual([tooMuch?.status, written], [503, 0], 'nothing of it was written');
			assert.match(tooMuch?.body ?? '', /queue_full/);
			assert.equal(await docStore.document('t', 'large.txt'), null);
			assert.equal((await docStore.jobs({ limit: 10 })).length, 0, 'it leaves no receipt: it may come again');
			assert.equal(await put('cut', 300_000, 'x'.repeat(100_000), true), null);
			await until(
				async () => (await put('whole', 250_000))?.status,
				(status) => status === 202 || status === 200,
			);
			assert.equal((await put('next', 200_000))?.status, 503);
			// What is on its way leaves room for what is no upload.
			const begun = connect(port, '127.0.0.1').on('error', () => {});
			begun.write(
				'PUT /v1/documents/content?tenant=u&docId=b.txt HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n',
			);
			const publish = () =>
				made.http.inject({
					method: 'POST',
					url: '/v1/publish',
					headers: { host: 'localhost' },
					payload: { tenant: 'v', docId: 'c.txt', content: { text: 'x'.repeat(10_000) } },
				});
			assert.equal((await publish()).statusCode, 202);
			begun.destroy();
			assert.equal((await put('small', 1_000))?.status, 202);
		} finally {
			await made.close();
		}
	});
});
