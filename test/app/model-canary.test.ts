import assert from 'node:assert/strict';
import { watchModel } from '../../api/app/model-canary.ts';
import { DocDropError } from '../../api/errors.ts';
import type { Embedder } from '../../api/ports/embedder.ts';

const unit = (numbers: readonly number[]) => {
	const length = Math.hypot(...numbers);
	return new Float32Array(numbers.map((number) => number / length));
};

function setUp() {
	const markers = new Map<string, string>();
	const warnings: object[] = [];
	const state = { answer: [1, 2, 3, 4] as readonly number[] | Error, calls: 0 };
	const embedder: Embedder = {
		...{ model: 'm', dimensions: 4, fingerprint: 'f', close: async () => {} },
		async embed() {
			state.calls += 1;
			if (state.answer instanceof Error) throw state.answer;
			return [unit(state.answer)];
		},
	};
	const docStore = {
		marker: async (name: string) => markers.get(name) ?? null,
		setMarker: async (name: string, value: string | null) => void markers.set(name, value ?? ''),
	};
	const start = async (answer: readonly number[] | Error, embeds = true, fingerprint = 'f') => {
		state.answer = answer;
		const logger = { warn: (fields: object) => void warnings.push(fields) };
		return (await watchModel({ ...embedder, fingerprint }, docStore, logger, embeds)).fingerprint;
	};
	return { state, markers, warnings, start };
}

describe('the canary of the embedder’s model', () => {
	it('leaves the fingerprint alone while the model answers alike, and changes it where it does not', async () => {
		const { warnings, start } = setUp();
		assert.equal(await start([1, 2, 3, 4]), 'f');
		assert.equal(await start([1.001, 2, 3, 4.002]), 'f', 'rounding');
		assert.deepEqual(warnings, []);
		assert.equal(await start([4, 3, 2, 1]), 'f#1');
		assert.deepEqual(warnings, [{ model: 'm', generation: 1 }]);
		assert.equal(await start([4, 3, 2, 1]), 'f#1', 'told once');
		assert.equal(
			await start([1, 2, 3, 4]),
			'f#2',
			'the vectors of the first one are mixed with others by now',
		);
		assert.equal(warnings.length, 2);
	});

	it('believes what is known where the server does not answer, and where this process embeds nothing', async () => {
		const { state, start } = setUp();
		const away = new DocDropError('embedder_unavailable', 'away');
		assert.equal(await start(away), 'f');
		await start([1, 2, 3, 4]);
		await start([4, 3, 2, 1]);
		assert.equal(await start(away), 'f#1');
		const { calls } = state;
		assert.equal(await start([9, 9, 9, 9], false), 'f#1');
		assert.equal(state.calls, calls);
	});

	it('drifts by no small steps: each start is compared with the first of its generation', async () => {
		const { start } = setUp();
		const turned = (degrees: number) => {
			const angle = (degrees * Math.PI) / 180;
			return [Math.cos(angle), Math.sin(angle), 0, 0];
		};
		assert.equal(await start(turned(0)), 'f');
		assert.equal(await start(turned(6)), 'f');
		assert.equal(await start(turned(12)), 'f#1');
	});

	it('keeps models apart, and begins anew where its note cannot be read', async () => {
		const { markers, start } = setUp();
		await start([1, 2, 3, 4]);
		assert.equal(await start([4, 3, 2, 1], true, 'g'), 'g');
		for (const [name] of markers) markers.set(name, '{"vector":');
		assert.equal(await start([4, 3, 2, 1]), 'f');
	});
});
