import type { HintsFactory } from './hints-port.ts';

/**
 * No hints: for roots whose changes no watcher reports (see watch-mode.ts), where only scans notice anything.
 * `probe` is always true: what watches nothing cannot die.
 */
export const createPollingHints: HintsFactory = () => ({
	start: () => {},
	cover: () => {},
	scanned: () => {},
	probe: async () => true,
	close: async () => {},
});
