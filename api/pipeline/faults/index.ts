/** What goes wrong on the way: judged in retry.ts, kept at bay by the breakers. */
export { type Blame, createBlame } from './blame.ts';
export { type Breaker, type BreakerState, createBreaker } from './breaker.ts';
export { type ReachCrashPoint, crashAt, noCrash } from './crash-points.ts';
export { createIndexBreakers } from './index-breakers.ts';
export { connectIndex } from './index-connection.ts';
export { type JobNotes, createJobNotes } from './job-notes.ts';
export { type Peer, createOutageMarkers, wasAway } from './outage-marker.ts';
export { type PeerFault, createPeerFault } from './peer-fault.ts';
export { type RetryDecision, decide } from './retry.ts';
