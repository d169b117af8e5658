import type { LaneHooks, OpenLane } from '../prepare/index.ts';
import type { BatchLimits } from './autobatch.ts';
import { createContention, type LaneFigures } from './contention.ts';
import { createLane, type LaneDeps } from './lane.ts';

export interface LaneSettings {
	readonly batch: BatchLimits;
	readonly leaseMs: number;
	readonly maxAttempts: number;
}

export interface LanesDeps extends Omit<
	LaneDeps,
	keyof LaneHooks | 'contention' | 'limits' | keyof LaneSettings
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
	return {
		open: (tenant, hooks) =>
			createLane(tenant, { ...deps, ...hooks, contention, limits, leaseMs, maxAttempts }),
		figures: () => contention.figures(),
	};
}
