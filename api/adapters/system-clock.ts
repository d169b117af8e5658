/** The machine's clock; it lives with the watch engine, which knows nothing of api/. */
export { systemClock } from '../../nodes/watch/clock.ts';
