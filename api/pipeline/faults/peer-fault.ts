import { type Failure, failureOf } from '../../domain/index.ts';
import type { Log, Telemetry } from '../../telemetry.ts';
import type { Peer } from './outage-marker.ts';

/** What documents wait for of a peer, for /v1/status and /metrics; said once in the log, and once that it is over. */
export interface PeerFault {
	noted(error: unknown): void;
	over(): void;
	/** Null: nothing waits for it. */
	current(): (Failure & { readonly since: number }) | null;
}

export function createPeerFault(
	peer: Peer,
	deps: { readonly log: Log; readonly telemetry: Telemetry; readonly now: () => number },
): PeerFault {
	const { log, telemetry, now } = deps;
	let fault: (Failure & { readonly since: number }) | null = null;
	return {
		noted(error) {
			const failure = failureOf(error);
			const isKnown = fault?.code === failure.code;
			fault = { ...failure, since: fault?.since ?? now() };
			telemetry.set('docdrop_peer_fault', { peer }, 1);
			if (isKnown) return;
			// A wrong model or key ends only when somebody acts.
			const level = ['embedder_mismatch', 'embedder_forbidden'].includes(failure.code) ? 'error' : 'warn';
			log[level]({ peer, ...failure }, 'documents wait for a peer');
		},
		over() {
			if (fault === null) return;
			log.info({ peer, code: fault.code }, 'documents do not wait for the peer any more');
			fault = null;
			telemetry.set('docdrop_peer_fault', { peer }, 0);
		},
		current: () => fault,
	};
}
