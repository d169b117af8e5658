/**
 * What a trigger node does when another node of the same source has begun a newer epoch, so that the API takes no change
 * of this one any more. While that node watches, the failed executions say who publishes, and a person decides. Once
 * it watches no longer, this node begins a newer epoch itself: it tells of everything again, and what the other one
 * left goes with the snapshot. Used by watching.ts.
 */
import type { Clock } from '../watch/clock.ts';
import type { OpenSources } from './open-sources.ts';

export interface Renewal {
	/** An execution failed because the API follows another node. */
	superseded(): void;
	close(): void;
}

/** After a start of n8n the other workflows have this long to start as well, ms. */
const OTHERS_START = 60_000;
/** Two n8n with copies of one user folder would outbid each other for ever: a newer epoch is begun once in this time, ms. */
const AGAIN = 3_600_000;

export function createRenewal(deps: {
	readonly sourceId: string;
	readonly sources: OpenSources;
	readonly clock: Clock;
	/** A person activated the workflow, or n8n did, one after the other with all others. */
	readonly isByPerson: boolean;
	/** Begins a newer epoch. */
	readonly renew: () => void;
}): Renewal {
	const { clock } = deps;
	let isSuperseded = false;
	let notBefore = deps.isByPerson ? -Infinity : clock.monotonic() + OTHERS_START;
	let cancel = () => {};
	const source = deps.sources.enter(deps.sourceId, renewIfAlone);

	function renewIfAlone(): void {
		if (!isSuperseded || !source.isAlone()) return;
		cancel();
		const now = clock.monotonic();
		if (now < notBefore) {
			cancel = clock.after(notBefore - now, renewIfAlone);
			return;
		}
		isSuperseded = false;
		notBefore = now + AGAIN;
		deps.renew();
	}

	return {
		superseded() {
			isSuperseded = true;
			renewIfAlone();
		},
		close() {
			cancel();
			source.leave();
		},
	};
}
