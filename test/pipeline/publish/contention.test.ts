import assert from 'node:assert/strict';
import { createContention, type Contention } from '../../../api/pipeline/publish/contention.ts';
import { createTelemetry, type Log } from '../../../api/telemetry.ts';
import { fakeClock, type FakeClock } from '../../support/fake-clock.ts';

describe('contention of lanes', () => {
	let clock: FakeClock;
	let said: string[];
	let contention: Contention;
	beforeEach(() => {
		clock = fakeClock();
		said = [];
		const say = (level: string) => (fields: object) => {
			const { tenant, alert } = fields as { tenant: string; alert?: string };
			said.push([level, tenant, ...(alert === undefined ? [] : [alert])].join(' '));
		};
		const log: Log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
		contention = createContention({ clock, log, telemetry: createTelemetry() });
	});

	it('warns above 100 ms and raises an alert above 1 s of mean wait, once a change, by tenant', () => {
		for (let n = 0; n < 10; n += 1) contention.waited('a', 100);
		contention.waited('b', 5);
		assert.equal(contention.figures().level, 'ok');
		contention.waited('a', 120);
		contention.waited('a', 120);
		assert.deepEqual([contention.figures().level, said], ['warning', ['warn a']]);
		contention.waited('a', 30_000);
		contention.waited('a', 30_000);
		const { level, waitMaxMs, contended } = contention.figures();
		assert.deepEqual([level, waitMaxMs, contended.map((one) => one.tenant)], ['alert', 30_000, ['a']]);
		assert.deepEqual(said, ['warn a', 'warn a lane_wait']);
	});

	it('forgets after a minute, and says that it is over', async () => {
		contention.waited('a', 3_000);
		contention.done('a', 500);
		assert.equal(contention.figures().processingMeanMs, 500);
		await clock.advance(64_999);
		assert.equal(contention.figures().level, 'alert', 'slots of 5 s');
		await clock.advance(1);
		assert.deepEqual(contention.figures(), {
			level: 'ok',
			waitMeanMs: 0,
			waitMaxMs: 0,
			processingMeanMs: 0,
			documentsPerSecond: 0,
			contended: [],
		});
		assert.deepEqual(said, ['warn a lane_wait', 'info a']);
	});

	it('answers without looking at tenants that do not wait, and forgets them', async () => {
		const tenants = Array.from({ length: 5_000 }, (_, n) => `t${n}`);
		for (const tenant of tenants) contention.done(tenant, 1);
		contention.waited('slow', 500);
		let asked = 0;
		const monotonic = clock.monotonic;
		clock.monotonic = () => ((asked += 1), monotonic());
		assert.deepEqual(
			contention.figures().contended.map(({ tenant }) => tenant),
			['slow'],
		);
		assert.ok(asked < 20, `${asked} looks`);
		clock.monotonic = monotonic;
		await clock.advance(70_000);
		contention.waited('other', 3);
		assert.deepEqual(
			[contention.figures().waitMeanMs, contention.figures().documentsPerSecond, said],
			[3, 0, ['warn slow', 'info slow']],
		);
	});

	it('counts what was done over the time in which it was', async () => {
		for (let n = 0; n < 50; n += 1) contention.done('a', 100);
		assert.equal(contention.figures().documentsPerSecond, 10, 'at least 5 s');
		await clock.advance(20_000);
		assert.equal(contention.figures().documentsPerSecond, 2.5);
	});
});
