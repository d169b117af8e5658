import type { LaneHooks, OpenLane } from '../prepare/index.ts';
import type { BatchLimits } from './autobatch.ts';
import { createBlame } from '../faults/index.ts';
import { createContention, type LaneFigures } from './contention.ts';
import { createLane } from './lane.ts';
import type { LaneDeps } from './lane-deps.ts';

export interface LaneSettings extends Pick<LaneDeps, 'leaseMs' | 'maxAttempts'> {
	readonly batch: BatchLimits;
}

export interface LanesDeps extends Omit<
	LaneDeps,
	keyof LaneHooks | keyof LaneSettings | 'contention' | 'blame' | 'limits'
> {
	readonly settings: LaneSettings;
}

/** The lanes of all tenants: how one is opened, and how contended they are. */
export interface Lanes {
	readonly open: OpenLane;
	readonly figures: () => LaneFigures;
}

export function createLanes(deps: LanesDeps): Lanes {
	const { batch: limits, leaseMs, maxAttempts } = deps.settings;
	const contention = createContention(deps);
	const blame = createBlame();
	return {
		open: (tenant, hooks) =>
			createLane(tenant, { ...deps, ...hooks, contention, blame, limits, leaseMs, maxAttempts }),
		figures: () => contention.figures(),
	};
}
