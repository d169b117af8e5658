/** From points to the index: lanes, batches, and the protocol of a bulk write. */
export { createLanes, type LaneSettings } from './lanes.ts';
