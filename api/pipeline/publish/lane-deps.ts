import type { Claimed } from '../../ports/index.ts';
import type { Blame } from '../faults/index.ts';
import type { LaneHooks, StepDeps } from '../prepare/index.ts';
import type { BatchLimits } from './autobatch.ts';
import type { Contention } from './contention.ts';

/** What a lane is made with, and each of its parts. */
export interface LaneDeps extends LaneHooks, Omit<StepDeps, 'extractor' | 'weightOf'> {
	readonly contention: Contention;
	/** Of writes, shared by all lanes. */
	readonly blame: Blame;
	readonly limits: BatchLimits;
	readonly leaseMs: number;
	readonly maxAttempts: number;
	/** What is published may show fields of the attempt that was given up. */
	readonly onPartialWrite: (claimed: Claimed) => void;
}
