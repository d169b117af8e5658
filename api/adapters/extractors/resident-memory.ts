import { readFileSync } from 'node:fs';

/**
 * All that a process has in memory, MB, of which its heap is only a part. 0 where the system does not tell, which
 * Linux alone does for another process without a library or a program of its own: elsewhere the limits of the heap and
 * of WebAssembly's memory must do.
 */
export function residentMb(pid: number | undefined): number {
	try {
		const status = readFileSync(`/proc/${pid}/status`, 'latin1');
		return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1_024;
	} catch {
		// The process has ended, which its own event tells.
		return 0;
	}
}
