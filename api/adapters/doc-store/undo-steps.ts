import type { DocKey } from '../../ports/index.ts';
import type { EngineState } from './engine-state.ts';

/** Changes of what is known in memory that an undone transaction takes back. */

/** Changes numbers by `change`, which is taken back by the opposite sign. */
export function countUndoably(
	{ transaction }: Pick<EngineState, 'transaction'>,
	change: (sign: 1 | -1) => void,
	sign: 1 | -1,
): void {
	change(sign);
	transaction.undoSteps.push(() => change(sign === 1 ? -1 : 1));
}

/** Sets a value in memory, or removes it (null), so that an undone transaction takes it back. */
export function setUndoably<V>(
	{ transaction }: EngineState,
	map: Map<DocKey, V>,
	key: DocKey,
	value: V | null,
): void {
	const before = map.get(key);
	if (value === before || (value === null && before === undefined)) return;
	transaction.undoSteps.push(() => void (before === undefined ? map.delete(key) : map.set(key, before)));
	if (value === null) map.delete(key);
	else map.set(key, value);
}
