import assert from 'node:assert/strict';
import { loopTurn } from '../api/loop-turn.ts';

describe('turns of the event loop', () => {
	it('run one slice between two looks at the sockets, in order of asking, whoever asks', async () => {
		const order: string[] = [];
		let looks = 0;
		let isOver = false;
		const look = () => {
			if (isOver) return;
			looks += 1;
			setImmediate(look);
		};
		setImmediate(look);
		const work = async (name: string) => {
			for (let slice = 0; slice < 3; slice += 1) {
				await loopTurn();
				order.push(`${name}${slice} after ${looks}`);
			}
		};
		await Promise.all([work('a'), work('b')]);
		isOver = true;
		assert.deepEqual(
			order.map((entry) => entry.slice(0, 2)),
			['a0', 'b0', 'a1', 'b1', 'a2', 'b2'],
		);
		assert.equal(new Set(order.map((entry) => entry.split(' ')[2])).size, 6, order.join(', '));
	});
});
