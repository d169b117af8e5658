import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { crashAt, crashPoints, noCrash } from '../../../api/pipeline/faults/crash-points.ts';

describe('crash points', () => {
	it('are passed without effect, unless one is named', () => {
		for (const point of crashPoints) {
			noCrash(point);
			const pass = crashAt(`${point}:2`);
			for (const other of crashPoints) if (other !== point) pass(other);
			pass(point);
		}
	});

	it('kill the process at the n-th passage', () => {
		const module = new URL('../../../api/pipeline/faults/crash-points.ts', import.meta.url).href;
		const script = `const { crashAt } = await import('${module}'); const pass = crashAt('after-intent:3');
			for (let n = 1; n <= 5; n += 1) { pass('after-lease'); console.log(n); pass('after-intent'); }`;
		const { signal, stdout } = spawnSync(
			process.execPath,
			['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script],
			{ encoding: 'utf8' },
		);
		assert.deepEqual([signal, stdout], ['SIGKILL', '1\n2\n3\n']);
	});

	it('refuse a setting that names none', () => {
		for (const setting of [
			'nowhere',
			'after-intent:0',
			'after-intent:x',
			'after-intent:1.5',
			'after-intent:1:2',
			':1',
		]) {
			assert.throws(() => crashAt(setting), {
				code: 'config_invalid',
				field: 'DOCDROP_CRASH_AT',
				message: new RegExp(`^DOCDROP_CRASH_AT must be POINT or POINT:N, .+, got "${setting}"$`),
			});
		}
	});
});
