/**
 * Names to work on: first come, first served, at most `parallel` at a time, and never the same name twice at
 * the same time. A name that is pushed while it is worked on is worked on once more afterwards, so that a
 * push always leads to a run that began after it.
 */
export interface WorkQueue {
	push(name: string): void;
	has(name: string): boolean;
	/** Names that wait or are worked on. */
	names(): Iterable<string>;
	readonly size: number;
	/** Drops what waits; resolves when what is worked on has ended. */
	close(): Promise<void>;
}

/** `run` must not reject. `onRest` is called whenever a run ended. */
export function createWorkQueue(deps: {
	parallel: number;
	run: (name: string) => Promise<void>;
	onRest: () => void;
}): WorkQueue {
	const waiting = new Set<string>();
	const running = new Map<string, Promise<void>>();
	let closed = false;

	const next = () => {
		for (const name of waiting) {
			if (running.size >= deps.parallel) return;
			// Stays where it is until its present run ends, which calls `next` again.
			if (running.has(name)) continue;
			waiting.delete(name);
			const end = deps.run(name).finally(() => {
				running.delete(name);
				next();
				deps.onRest();
			});
			running.set(name, end);
		}
	};
	return {
		push(name) {
			if (closed) return;
			waiting.add(name);
			next();
		},
		has: (name) => waiting.has(name) || running.has(name),
		*names() {
			yield* waiting;
			for (const name of running.keys()) if (!waiting.has(name)) yield name;
		},
		get size() {
			return waiting.size + running.size;
		},
		async close() {
			closed = true;
			waiting.clear();
			await Promise.allSettled(running.values());
		},
	};
}
