import assert from 'node:assert/strict';
import { settleFirstRoot } from '../../../nodes/watch/first-root.ts';
import type { FileState } from '../../../nodes/watch/state/file-state-port.ts';
import { fileRow } from '../../conformance/file-state.ts';
import { newState } from './harness.ts';

const roots = (...labels: string[]) => labels.map((label) => ({ label, dir: `/${label}` }));

describe('first root of a state', () => {
	const keysOf = async (state: FileState) => {
		const keys: string[] = [];
		for await (const page of state.rows()) keys.push(...page.map(({ root, path }) => `${root}:${path}`));
		return keys.toSorted();
	};
	const settle = async (state: FileState, ...labels: string[]) =>
		(await settleFirstRoot(state, await state.open(), roots(...labels))).firstRoot;
	/** Files of two roots are known; the first of them has bare names. */
	const known = async () => {
		const state = newState();
		await settle(state, 'one', 'two');
		const put = [...'abc'].map((path) => fileRow({ root: 'one', path }));
		await state.commit({ put: [...put, fileRow({ root: 'two', path: 'x' })] });
		return state;
	};

	it('stays where it is among those that are watched', async () => {
		const state = await known();
		assert.equal(await settle(state, 'three', 'one'), 'one');
		assert.equal((await keysOf(state)).length, 4);
	});

	it('stays where something is known of the root that is first now', async () => {
		const state = await known();
		assert.equal(await settle(state, 'two', 'three'), 'one');
		assert.equal((await keysOf(state)).length, 4);
	});

	it('is a new root where it is gone, and its files are forgotten, those of others not', async () => {
		const state = await known();
		assert.equal(await settle(state, 'new', 'two'), 'new');
		assert.deepEqual(await keysOf(state), ['two:x']);
		assert.equal((await state.open()).firstRoot, 'new');
	});

	it('hands out every row that was there once, those that it forgot among them', async () => {
		const state = await known();
		let reads = 0;
		const counted: FileState = { ...state, rows: () => ((reads += 1), state.rows()) };
		const settled = await settleFirstRoot(counted, await state.open(), roots('new'));
		assert.deepEqual(await keysOf(settled.state), ['one:a', 'one:b', 'one:c', 'two:x']);
		assert.equal(reads, 1);
	});

	it('is settled by the next start where the process ended in the middle', async () => {
		const state = await known();
		const commit: FileState['commit'] = async (change) => {
			if (change.firstRoot !== undefined) throw new Error('the process ends');
			await state.commit(change);
		};
		await assert.rejects(settle({ ...state, commit }, 'new'), /ends/);
		assert.equal((await state.open()).firstRoot, 'one');
		assert.equal(await settle(state, 'new'), 'new');
		assert.deepEqual(await keysOf(state), ['two:x']);
	});
});
