import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { sampleEpoch } from '../../api/contract/sample-epoch.ts';
import { keptEpochs, type KnownEpoch, mayForget, orderOfUnknown } from '../../api/domain/epoch-order.ts';

const day = 86_400_000;
const start = Date.UTC(2026, 0, 1);
const madeOn = (days: number) => uuidv7({ msecs: start + days * day });
const epochsFrom = (first: number, count = keptEpochs) =>
	Array.from({ length: count }, (_, n) => madeOn(first + n)).toReversed();

describe('the order of epochs', () => {
	const now = start + 400 * day;
	const order = (epoch: string, newest: readonly string[]) =>
		orderOfUnknown(epoch, { newest: () => newest, next: 99, now });

	it('an unknown epoch is a new one', () => {
		assert.equal(order('any text', []), 99);
		assert.equal(order(madeOn(1), epochsFrom(10, keptEpochs - 1)), 99, 'nothing was forgotten');
		assert.equal(order('any text', epochsFrom(10)), 99);
		assert.equal(order(madeOn(12.5), epochsFrom(10)), 99, 'a clock was set back');
		assert.equal(
			order(
				madeOn(1),
				Array.from({ length: keptEpochs }, (_, n) => `text ${n}`),
			),
			99,
		);
	});

	it('where epochs were forgotten, one that was made before all that are kept comes back late', () => {
		assert.equal(order(madeOn(9), epochsFrom(10)), 0);
		assert.equal(order(madeOn(9), [sampleEpoch, 'text', ...epochsFrom(10)]), 0);
	});

	it('names of a future say nothing', () => {
		const ahead = epochsFrom(73 * 365);
		assert.equal(order(madeOn(399), ahead), 99);
		assert.equal(order(madeOn(399), [madeOn(398), ...ahead]), 99);
		assert.equal(order(madeOn(397), [madeOn(398), ...ahead]), 0);
	});

	it('is forgotten where nobody needs it', () => {
		const epoch = (key: number): KnownEpoch => ({ key, sourceId: 's', epoch: `e${key}`, epochOrder: key });
		const newest = [epoch(30), epoch(29), epoch(28)];
		const may = (key: number, isUsed: boolean, next: number) =>
			mayForget(epoch(key), { newest, isSourceUsed: () => isUsed, next });
		assert.equal(may(27, true, 31), true, 'others are newer');
		assert.equal(may(28, true, 1e6), false, 'its source has documents');
		assert.equal(may(28, false, 31), false);
		assert.equal(may(28, false, 20_000), true);
	});
});
