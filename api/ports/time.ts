/** The clock port; it lives with the watch engine, which knows nothing of api/. */
export type { Clock } from '../../nodes/watch/clock.ts';
