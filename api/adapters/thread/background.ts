import { setPriority } from 'node:os';
import { platform } from 'node:process';
import { isMainThread } from 'node:worker_threads';

/**
 * Lets the event loop of the main thread go first where cores are short: called once by threads and processes
 * whose work can wait. `nice` 1 to 19. Linux takes it for the calling thread alone; elsewhere a thread would
 * lower its whole process, so there only processes of their own do it.
 */
export function goBehind(nice: number): void {
	if (!isMainThread && platform !== 'linux') return;
	try {
		setPriority(nice);
	} catch {
		// A container may forbid it; then everything competes as equals.
	}
}
