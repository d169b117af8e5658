import assert from 'node:assert/strict';
import { createReport } from '../../../nodes/DocDropTrigger/report.ts';
import { DocDropTrigger } from '../../../nodes/DocDropTrigger/DocDropTrigger.node.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { createTriggerContext } from '../../support/n8n-trigger-context.ts';

describe('report of the trigger', () => {
	const bench = () => {
		const { context, failedExecutions } = createTriggerContext({
			...{ type: new DocDropTrigger(), parameters: { folder: '/x' }, workflowId: 'w' },
		});
		const report = createReport({ context, clock: systemClock });
		const held = (root: string) => report.log('warn', 'deletions.held', { root, reason: 'many are gone' });
		const released = (root: string) => report.log('info', 'deletions.released', { root });
		const told = () => failedExecutions.splice(0).map(({ message }) => /"(.*)"/.exec(message)?.[1]);
		return { report, held, released, told };
	};

	it('tells of held deletions at once, and once', () => {
		const { held, told } = bench();
		held('a');
		held('a');
		assert.deepEqual(told(), ['a']);
	});

	it('tells who has agreed to them of those alone that are held all the same', () => {
		const { report, held, released, told } = bench();
		const agreementEnds = report.agreedToHeld();
		for (const root of ['a', 'b']) held(root);
		released('a');
		assert.deepEqual(told(), []);
		agreementEnds();
		assert.deepEqual(told(), ['b']);
		held('a');
		assert.deepEqual(told(), ['a']);
	});
});
