/**
 * What a trigger node does when another node of the same source has begun a newer epoch, so that the API takes no change
 * of this one any more. While that node watches, a failed execution says who publishes, another one after ever longer
 * times, and a person decides. Once it watches no longer, this node begins a newer epoch itself: it tells of everything
 * again, and what the other one left goes with the snapshot. Used by watching.ts.
 */
import type { Clock } from '../watch/clock.ts';
import type { OpenSource, OpenSources } from './open-sources.ts';

export interface Renewal {
	/** An execution failed because the API follows another node. */
	superseded(): void;
	/** The next execution would fail like the last one. */
	isHeld(): boolean;
	/** The API heard of another n8n that watched as this source, and that one has ended. */
	leftAlone(): void;
	close(): void;
}

/** After a start of n8n the other workflows have this long to start as well, ms. */
const OTHERS_START = 60_000;
/** Two n8n with copies of one user folder would outbid each other for ever: a newer epoch is begun once in this time, ms. */
const AGAIN = 3_600_000;
/** Each failed execution is one in n8n's list, and tells its error workflow: the next one is made after this time, ms, which doubles, ... */
const FIRST_HOLD = 60_000;
/** ... up to this one. */
const LONGEST_HOLD = 3_600_000;

interface RenewalDeps {
	readonly sourceId: string;
	readonly sources: OpenSources;
	readonly clock: Clock;
	/** A person activated the workflow, or n8n did, one after the other with all others. */
	readonly isByPerson: boolean;
	/** It is known from the start that another node has begun a newer epoch. */
	readonly isOvertaken: boolean;
	/** Begins a newer epoch. */
	readonly renew: () => void;
}

/** Whether a newer epoch is due, and when it may begin; monotonic ms. */
interface Due {
	isSuperseded: boolean;
	notBefore: number;
	cancel: () => void;
}

export function createRenewal(deps: RenewalDeps): Renewal {
	const { clock, isByPerson } = deps;
	const due: Due = {
		isSuperseded: deps.isOvertaken,
		notBefore: isByPerson ? -Infinity : clock.monotonic() + OTHERS_START,
		cancel() {},
	};
	const hold = { until: -Infinity, failures: 0 };
	const source: OpenSource = deps.sources.enter(deps.sourceId, () => renewIfAlone(deps, due, source));
	renewIfAlone(deps, due, source);
	return {
		superseded() {
			due.isSuperseded = true;
			// Executions that were under way together fail together: that counts once.
			if (clock.monotonic() >= hold.until) {
				hold.until = clock.monotonic() + Math.min(FIRST_HOLD * 2 ** hold.failures, LONGEST_HOLD);
				hold.failures += 1;
			}
			renewIfAlone(deps, due, source);
		},
		isHeld: () => due.isSuperseded && clock.monotonic() < hold.until,
		leftAlone() {
			if (!due.isSuperseded) return;
			due.notBefore = -Infinity;
			renewIfAlone(deps, due, source);
		},
		close() {
			due.cancel();
			source.leave();
		},
	};
}

function renewIfAlone(deps: RenewalDeps, due: Due, source: OpenSource): void {
	const { clock } = deps;
	if (!due.isSuperseded || !source.isAlone()) return;
	due.cancel();
	const now = clock.monotonic();
	if (now < due.notBefore) {
		due.cancel = clock.after(due.notBefore - now, () => renewIfAlone(deps, due, source));
		return;
	}
	due.isSuperseded = false;
	due.notBefore = now + AGAIN;
	deps.renew();
}
