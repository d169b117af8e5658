import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { startApp } from './support/app.ts';

describe('the app', () => {
	/** Timers that keep this process alive. */
	const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

	it('that is closed keeps nothing waiting: a command that asked once ends at once', async () => {
		// The test's own limit is a timer too, from the first turn on.
		await nextTurn();
		const before = timers();
		const app = await startApp({ DOCDROP_WORKERS: '0' });
		await app.close();
		assert.equal(timers(), before);
	});
});
