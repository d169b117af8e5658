import { readFileSync } from 'node:fs';

/**
 * The peak of a process's resident memory and of each child that it starts, as the kernel keeps it (VmHWM).
 * The peaks are summed: an upper bound, because they need not fall together and share the pages of the program.
 */
export interface PeakMemory {
	/** MB; 0 where the system has no /proc. */
	total(): number;
	own(): number;
	children(): number;
	stop(): void;
}

const everyMs = 200;

export function watchPeakMemory(pid: number): PeakMemory {
	const peaks = new Map<number, number>();
	const look = () => {
		for (const one of [pid, ...childrenOf(pid)]) {
			const kb = peakKb(one);
			if (kb !== null) peaks.set(one, Math.max(peaks.get(one) ?? 0, kb));
		}
	};
	look();
	const timer = setInterval(look, everyMs);
	const megabytes = (kb: number) => Math.round((kb / 1024) * 10) / 10;
	const sum = () => [...peaks.values()].reduce((total, kb) => total + kb, 0);
	const own = () => peaks.get(pid) ?? 0;
	return {
		total: () => (look(), megabytes(sum())),
		own: () => megabytes(own()),
		children: () => peaks.size - 1,
		stop: () => clearInterval(timer),
	};
}

function peakKb(pid: number): number | null {
	try {
		return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
	} catch {
		return null;
	}
}

/** Of its main thread; none where the system has no /proc. */
export function childrenOf(pid: number): number[] {
	try {
		const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
		return list.split(' ').filter(Boolean).map(Number);
	} catch {
		return [];
	}
}
