import assert from 'node:assert/strict';
import { createExecutions } from '../../../nodes/DocDropTrigger/executions.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { triggers } from './rig.ts';

describe('the wait for an execution', () => {
	const rig = triggers();
	const MINUTE = 60_000;

	function running(executionTimeout?: number) {
		const over = executionTimeout === undefined ? {} : { executionTimeout };
		const double = rig.contextOf({ folder: '/x' }, over);
		double.auto = null;
		const clock = fakeClock();
		const executions = createExecutions({
			...{ context: double.context, clock, beforeEmit: () => {}, name: 'w:n', isHeld: () => false },
			...{ onUnsupported: assert.fail, onSuperseded: assert.fail, onPublished: () => {} },
		});
		let end = 'none yet';
		const run = executions.run([]).then(
			({ end: it }) => (end = typeof it === 'string' ? it : it.reason),
			(error: Error) => (end = error.message),
		);
		return { clock, end: () => end, run, emitted: double.emitted };
	}

	for (const [timeout, minutes] of [
		[undefined, 60],
		[-1, 60],
		[300, 20],
		[10_800, 195],
		[Number.MAX_SAFE_INTEGER, 1455],
	] as const) {
		it(`ends after ${minutes} minutes where the workflow may take ${timeout ?? 'as long as it likes'}`, async () => {
			const { clock, end, run, emitted } = running(timeout);
			await clock.advance(minutes * MINUTE - 1);
			assert.equal(end(), 'none yet');
			await clock.advance(1);
			await run;
			assert.equal(end(), `nothing was heard of its execution for ${minutes} minutes`);
			// Too late, and of no consequence.
			emitted[0]?.reject(new Error('stopped'));
			await clock.advance(1);
			assert.equal(clock.pending(), 0);
		});
	}

	it('holds no timer once the execution has ended', async () => {
		const { clock, end, run, emitted } = running();
		assert.equal(clock.pending(), 1);
		emitted[0]?.end('success');
		await run;
		assert.deepEqual([end(), clock.pending()], ['success', 0]);
	});
});
