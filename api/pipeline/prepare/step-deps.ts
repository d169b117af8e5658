import type { Clock, DocStore, Extractor, Spools, VectorStore } from '../../ports/index.ts';
import type { Log, Telemetry } from '../../telemetry.ts';
import type { Breaker, JobNotes, ReachCrashPoint } from '../faults/index.ts';

/** What the steps behind the claim, and the upkeep beside them, are made with; each names of it what it uses. */
export interface StepDeps {
	readonly docStore: DocStore;
	readonly vectorStore: VectorStore;
	readonly extractor: Extractor;
	readonly spools: Spools;
	readonly breaker: Breaker;
	readonly notes: JobNotes;
	readonly clock: Clock;
	/** Store time, ms. */
	readonly now: () => number;
	readonly random: () => number;
	readonly crashPoint: ReachCrashPoint;
	readonly log: Log;
	readonly telemetry: Telemetry;
	/** A tenant's share of the work relative to the others'. */
	readonly weightOf?: ((tenant: string) => number) | undefined;
	/** What nobody waits for at the door begins when this resolves; absent: at once. */
	readonly begins?: Promise<void>;
	/** Aborted when the process stops: whatever is in work is left, its leases die with the process. */
	readonly signal: AbortSignal;
}
