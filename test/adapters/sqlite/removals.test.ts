import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemovals } from '../../../api/adapters/sqlite/removals.ts';

describe('removals of bodies', () => {
	it('wait while somebody copies the folder, and are made up for afterwards', () => {
		const dir = mkdtempSync(join(tmpdir(), 'docdrop-removals-'));
		const file = (name: string) => {
			writeFileSync(join(dir, name), 'x');
			return join(dir, name);
		};
		const removals = createRemovals();
		const [first, second, third] = [file('1'), file('2'), file('3')];
		removals.remove(first);
		removals.hold();
		removals.remove(second);
		removals.hold();
		removals.remove(third);
		assert.deepEqual([first, second, third].map(existsSync), [false, true, true]);
		removals.release();
		assert.deepEqual([second, third].map(existsSync), [false, false]);
		removals.remove(file('4'));
		assert.equal(existsSync(join(dir, '4')), false);
		rmSync(dir, { recursive: true });
	});
});
