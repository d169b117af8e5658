import assert from 'node:assert/strict';
import { createOpenSources } from '../../../nodes/DocDropTrigger/open-sources.ts';
import { createRenewal } from '../../../nodes/DocDropTrigger/renewal.ts';
import { fakeClock } from '../../support/fake-clock.ts';

describe('a trigger node whose source another one publishes', () => {
	const start = (isByPerson: boolean, isOvertaken = false) => {
		const clock = fakeClock();
		const sources = createOpenSources();
		const renewals: number[] = [];
		const renew = () => void renewals.push(clock.monotonic());
		const open = (sourceId = 's') =>
			createRenewal({ sourceId, sources, clock, isByPerson, isOvertaken, renew });
		return { clock, sources, renewals, open };
	};

	it('waits after a start of n8n for the other workflows to start', async () => {
		const { clock, renewals, open } = start(false);
		const one = open();
		one.superseded();
		await clock.advance(59_999);
		assert.equal(renewals.length, 0);
		await clock.advance(1);
		assert.equal(renewals.length, 1);
	});

	it('does nothing then, where another one of its source has started meanwhile', async () => {
		const { clock, renewals, open } = start(false);
		const one = open();
		one.superseded();
		await clock.advance(30_000);
		const other = open();
		await clock.advance(60_000);
		assert.equal(renewals.length, 0);
		other.close();
		assert.equal(renewals.length, 1);
	});

	it('does not mind nodes of other sources, and begins anew once an hour at most', async () => {
		const { clock, renewals, open } = start(true);
		const one = open();
		open('another');
		one.superseded();
		assert.equal(renewals.length, 1);
		one.superseded();
		await clock.advance(3_599_999);
		assert.equal(renewals.length, 1);
		await clock.advance(1);
		assert.equal(renewals.length, 2);
	});

	it('begins anew at once when another n8n that watched as the same source has ended', async () => {
		const { clock, renewals, open } = start(true);
		const one = open();
		one.superseded();
		await clock.advance(1_000);
		one.leftAlone();
		assert.equal(renewals.length, 1, 'nothing newer was told of since');
		one.superseded();
		one.leftAlone();
		assert.equal(renewals.length, 2);
	});

	it('does nothing any more when it has closed', async () => {
		const { clock, renewals, open } = start(false);
		const one = open();
		one.superseded();
		one.close();
		await clock.advance(120_000);
		assert.equal(renewals.length, 0);
	});

	it('is not renewed where it was never superseded', () => {
		const { renewals, open } = start(true);
		open();
		open().close();
		assert.equal(renewals.length, 0);
	});

	it('begins anew, once the others have started, where one of them was active since', async () => {
		const { clock, renewals, open } = start(false, true);
		open();
		assert.equal(renewals.length, 0);
		await clock.advance(60_000);
		assert.equal(renewals.length, 1);
		await clock.advance(7_200_000);
		assert.equal(renewals.length, 1);
	});

	it('asks after ever longer times, up to an hour, and at once when it has begun anew', async () => {
		const { clock, renewals, open } = start(true);
		const one = open();
		const other = open();
		for (const wait of [60_000, 120_000, 240_000, 480_000, 960_000, 1_920_000, 3_600_000, 3_600_000]) {
			assert.equal(one.isHeld(), false);
			// Two executions that were under way together.
			one.superseded();
			one.superseded();
			await clock.advance(wait - 1);
			assert.equal(one.isHeld(), true);
			await clock.advance(1);
		}
		one.superseded();
		other.close();
		assert.equal(renewals.length, 1);
		assert.equal(one.isHeld(), false);
	});
});
