import assert from 'node:assert/strict';
import { tellStates } from '../../api/http/state-events.ts';
import { fakeClock } from '../support/fake-clock.ts';

describe('the events of a state', () => {
	const made = () => {
		const clock = fakeClock();
		const gone = new AbortController();
		const state = { value: 1, looks: 0, isBroken: false };
		const events = tellStates({
			look: async () => {
				state.looks += 1;
				if (state.isBroken) throw new Error('no answer');
				return { value: state.value };
			},
			clock,
			gone: gone.signal,
		});
		/** The next event, however long it takes by the clock; null: none within `ms`. */
		const within = async (ms: number) => {
			let found: IteratorResult<string> | null = null;
			const next = events.next().then((one) => (found = one));
			await clock.advance(ms);
			return { found: found as IteratorResult<string> | null, next };
		};
		return { clock, gone, state, within };
	};

	it('are told once for each state, and a sign of life where it stays', async () => {
		const { state, within } = made();
		assert.equal((await within(0)).found?.value, 'data: {"value":1}\n\n');
		state.value = 2;
		assert.equal((await within(1_000)).found?.value, 'data: {"value":2}\n\n');
		assert.equal((await within(15_000)).found?.value, ':\n\n');
	});

	it('are not made for whoever does not read them', async () => {
		const { clock, state, within } = made();
		await within(0);
		const before = state.looks;
		for (let second = 0; second < 60; second += 1) {
			state.value += 1;
			await clock.advance(1_000);
		}
		assert.equal(state.looks, before);
		assert.equal((await within(1_000)).found?.value, 'data: {"value":61}\n\n', 'the newest and no other');
	});

	it('end after ten minutes, when the viewer leaves, and where nothing can be told', async () => {
		const old = made();
		for (let told = 0; told < 100; told += 1) {
			const { found } = await old.within(15_000);
			if (found?.done === true) break;
			assert.ok(told < 60, 'it has ended');
		}
		const left = made();
		await left.within(0);
		left.state.value = 1;
		const { next } = await left.within(500);
		left.gone.abort();
		assert.equal((await next).done, true);
		const broken = made();
		broken.state.isBroken = true;
		assert.equal((await broken.within(0)).found?.done, true);
	});
});
