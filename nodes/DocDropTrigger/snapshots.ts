/**
 * The end of an epoch's first round, as an execution of its own: the API lets go of what it was not told of. Used
 * by watching.ts.
 */
import { randomUUID } from 'node:crypto';
import type { SnapshotItem } from '../item.ts';
import type { Clock } from '../watch/clock.ts';
import type { TakeSnapshot } from '../watch/snapshot.ts';
import type { Executions } from './executions.ts';
import type { EngineName, Naming } from './naming.ts';
import type { TriggerSettings } from './trigger-parameters.ts';

/** Waits after a failure, ms: every one shows as a failed execution, so they double. */
const FIRST_WAIT = 60_000;
const LONGEST_WAIT = 3_600_000;
/** Wait after an execution that waits itself, ms. */
const PARKED = 86_400_000;

export function createSnapshots(deps: {
	settings: Pick<TriggerSettings, 'events' | 'takeOver' | 'onActivation'>;
	/** A person agreed to the deletions that are paused. */
	isConfirmed: boolean;
	naming: Naming;
	locate: (engineId: string) => EngineName | null;
	executions: Executions;
	clock: Clock;
}): TakeSnapshot {
	const { naming, clock } = deps;
	let failures = 0;
	let notBefore = -Infinity;
	return async ({ sourceId, epoch, seq, present, confirmed }) => {
		// Whoever was not told of all files must not take those it was not told of for gone.
		if (!tellsAll(deps.settings)) return { held: 0 };
		if (clock.monotonic() < notBefore) throw new Error('not yet');
		const names = present.flatMap((engineId) => {
			const file = deps.locate(engineId);
			const name = file === null ? { fault: '' } : naming.nameOf(file);
			return 'fault' in name ? [] : [name];
		});
		const item: SnapshotItem = {
			event: 'snapshotComplete',
			docdrop: {
				...{ sourceId, epoch, seq, present: names },
				confirmed: confirmed || deps.isConfirmed,
				takeOver: deps.settings.takeOver,
				batchId: randomUUID(),
			},
		};
		const { end } = await deps.executions.run([item]).catch((error: unknown) => {
			notBefore = clock.monotonic() + Math.min(FIRST_WAIT * 2 ** failures, LONGEST_WAIT);
			failures += 1;
			throw error;
		});
		if (end === 'success') return { held: 0 };
		// As with files: who waits for a person must not ask again every hour.
		notBefore = clock.monotonic() + PARKED;
		throw new Error('its execution waits');
	};
}

const tellsAll = ({ events, onActivation }: Pick<TriggerSettings, 'events' | 'onActivation'>): boolean =>
	onActivation !== 'fromNow' && events.has('created') && events.has('deleted');
