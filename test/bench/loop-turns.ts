/**
 * The longest stretch for which the event loop did not turn, and the most time of the processor that one
 * stretch took: where cores are shared the first one holds what others did, the second one is our own.
 */
export interface LoopTurns {
	/** Resolves with the longest stretches, ms. */
	stop(): Promise<{ readonly wallMs: number; readonly cpuMs: number }>;
}

export function watchLoopTurns(): LoopTurns {
	const longest = { wallMs: 0, cpuMs: 0 };
	const now = () => {
		const { user, system } = process.threadCpuUsage();
		return { wallMs: performance.now(), cpuMs: (user + system) / 1000 };
	};
	let last = now();
	const look = () => {
		const next = now();
		longest.wallMs = Math.max(longest.wallMs, next.wallMs - last.wallMs);
		longest.cpuMs = Math.max(longest.cpuMs, next.cpuMs - last.cpuMs);
		last = next;
	};
	const timer = setInterval(look, 1);
	return {
		async stop() {
			// The stretch that runs now ends with this turn.
			await new Promise((resolve) => setTimeout(resolve, 1));
			clearInterval(timer);
			look();
			return longest;
		},
	};
}
