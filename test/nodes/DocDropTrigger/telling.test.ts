import assert from 'node:assert/strict';
import type { IHttpRequestOptions } from 'n8n-workflow';
import { FolderReport } from '../../../api/contract/folder-report-schema.ts';
import { limits } from '../../../api/contract/limits.ts';
import { createCheck } from '../../../api/http/validation.ts';
import { createTelling, reportOf } from '../../../nodes/DocDropTrigger/telling.ts';
import type { RootStatus, WatchStatus } from '../../../nodes/watch/watch-status.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { triggers } from './rig.ts';

const root = (more: Partial<RootStatus> = {}): RootStatus => ({
	...{
		label: 'inbox',
		mode: 'watch',
		files: 1,
		bytes: 1,
		pending: 0,
		inFlight: 0,
		failedCount: 0,
		failed: [],
	},
	...{ restless: [], skippedCount: 0, skipped: [], unreadable: [], lastScanAt: null, scanMs: null },
	...{ verifiedAt: null, digest: 'a', deliveredDigest: 'b', held: null, ...more },
});
const status = (roots: readonly RootStatus[] = [root()]): WatchStatus => ({
	...{ sourceId: 's', epoch: 'e', scanning: false, snapshot: { closed: true, held: 0 }, roots },
	delivery: { batchesInFlight: 0, failures: 0, lastFailure: null },
});
const head = { sender: 'one', tenant: 't', name: 'workflow Files' };

describe('telling the API of a folder', () => {
	const start = () => {
		const clock = fakeClock();
		const sent: { readonly at: number; readonly report: FolderReport }[] = [];
		const seen = { leftAlone: 0, failed: 0, others: 0, fault: null as Error | null };
		const telling = createTelling({
			...{ clock, head, status },
			send: async (report) => {
				sent.push({ at: clock.monotonic(), report });
				if (seen.fault !== null) throw seen.fault;
				return seen.others;
			},
			onLeftAlone: () => void (seen.leftAlone += 1),
			onFailed: () => void (seen.failed += 1),
		});
		const begun = clock.monotonic();
		return { clock, sent, seen, telling, times: () => sent.map(({ at }) => at - begun) };
	};

	it('tells once a minute, and a few seconds after a change, however many there are', async () => {
		const { clock, telling, times } = start();
		await clock.advance(5_000);
		assert.deepEqual(times(), [5_000]);
		await clock.advance(10_000);
		for (let n = 0; n < 20; n += 1) telling.changed();
		await clock.advance(4_999);
		assert.equal(times().length, 1);
		await clock.advance(1);
		assert.deepEqual(times(), [5_000, 20_000]);
		await clock.advance(60_000);
		assert.deepEqual(times(), [5_000, 20_000, 80_000]);
	});

	it('goes on after a report that did not arrive, and ends with a last word', async () => {
		const { clock, sent, seen, telling } = start();
		seen.fault = new Error('away');
		await clock.advance(65_000);
		assert.deepEqual([sent.length, seen.failed], [2, 2]);
		await telling.end();
		assert.equal(sent.at(-1)?.report.isLast, true);
		telling.changed();
		await clock.advance(120_000);
		assert.equal(sent.length, 3);
	});

	it('does not wait for long with its last word', async () => {
		const clock = fakeClock();
		const send = () => new Promise<number>(() => {});
		const never = { onLeftAlone: () => {}, onFailed: () => {} };
		const ended = createTelling({ clock, head, status, send, ...never }).end();
		await clock.advance(1_000);
		await ended;
	});

	it('notices when the other one that told of the source has ended', async () => {
		const { clock, seen } = start();
		seen.others = 1;
		await clock.advance(65_000);
		assert.equal(seen.leftAlone, 0);
		seen.others = 0;
		await clock.advance(120_000);
		assert.equal(seen.leftAlone, 1);
	});

	it('fits into what the API takes, whatever there is to tell', () => {
		const check = createCheck<FolderReport>(FolderReport);
		const long = 'ä\ud800'.repeat(2_000);
		const remarks = Array.from({ length: 200 }, () => ({ relPath: long, reason: long }));
		const all = { failed: remarks, skipped: remarks, restless: remarks.map(({ relPath }) => relPath) };
		for (const count of [1, 5, 200]) {
			const roots = Array.from({ length: count }, () =>
				root({ ...all, unreadable: [{ relPath: '', reason: 'ENOENT' }] }),
			);
			const report = reportOf(head, status(roots));
			const text = JSON.stringify(report);
			assert.ok(Buffer.byteLength(text) <= limits.reportBytes, `${Buffer.byteLength(text)} bytes`);
			check(JSON.parse(text), 'report');
			assert.equal(report.roots[0]?.unreadable[0]?.relPath, '');
		}
		const small = reportOf(head, status([root({ failed: [{ relPath: 'a.zip', reason: 'no' }] })]));
		assert.deepEqual(small.roots[0]?.failed, [{ relPath: 'a.zip', reason: 'no' }]);
	});
});

describe('a trigger node with a credential', () => {
	const { folder, start } = triggers();

	it('tells the API of its folder, and without one nobody', async () => {
		const asked: (Pick<IHttpRequestOptions, 'method' | 'url'> & { readonly report: FolderReport })[] = [];
		const request = async ({ url, body, ...more }: IHttpRequestOptions) => {
			asked.push({ ...more, url, report: JSON.parse((body as Buffer).toString()) as FolderReport });
			return { statusCode: 200, headers: {}, body: '{"others":0}' };
		};
		const parameters = { folder: await folder(), tenant: 'acme' };
		await (await start(parameters, { workflowId: 'w1' })).close();
		assert.equal(asked.length, 0);
		const trigger = await start(parameters, { request, workflowId: 'w2' });
		await trigger.close();
		const [last] = asked;
		assert.deepEqual(
			[last?.method, last?.report.tenant, last?.report.name],
			['PUT', 'acme', 'workflow Workflow'],
		);
		assert.match(last?.url ?? '', /\/v1\/sources\/[0-9a-f-]{36}\/report$/);
		assert.equal(last?.report.isLast, true);
	});
});
