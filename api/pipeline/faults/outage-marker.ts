import type { DocStore } from '../../ports/index.ts';
import type { Log } from '../../telemetry.ts';
import type { BreakerState } from './breaker.ts';

/**
 * That a peer is away outlives the process, as a marker in the document store: a process that is restarted during an
 * outage begins with an open breaker and asks by probes, instead of sending all that waits against a peer which is
 * not there. A marker that is wrong costs one probe's wait, a second; one that is old is not believed at all.
 */
export type Peer = 'index' | 'embedder';

const believedMs = 15 * 60_000;
const nameOf = (peer: Peer) => `away ${peer}`;

type Markers = Pick<DocStore, 'marker' | 'setMarker'>;

/** Whether the last process left the peer as away, at store time `now`. */
export async function wasAway(peer: Peer, docStore: Markers, now: number): Promise<boolean> {
	const marker = await docStore.marker(nameOf(peer));
	const since = marker === null ? -Infinity : Number(marker);
	return now - since < believedMs;
}

/** For a breaker's `onChange`. */
export function createOutageMarkers(deps: {
	readonly docStore: Markers;
	readonly now: () => number;
	readonly log: Log;
}): (peer: Peer, state: BreakerState) => void {
	const { docStore, now, log } = deps;
	return (peer, state) => {
		// Each failed probe renews it: what is believed is that the peer was away lately.
		if (state === 'half-open') return;
		docStore
			.setMarker(nameOf(peer), state === 'open' ? String(now()) : null)
			.catch((error: unknown) => log.warn({ peer, error }, 'an outage could not be noted'));
	};
}
