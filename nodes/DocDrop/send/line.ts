/**
 * A few requests in flight, and the order within one document: a request waits for every earlier one that names one
 * of its documents. Owned by the sender, whose one loop is the only one to start tasks.
 */
export interface Line {
	/** Resolves when the task has a place; the task itself runs on. Tasks must not reject. */
	start(keys: Iterable<string>, task: () => Promise<void>): Promise<void>;
	/** Resolves when nothing runs. */
	idle(): Promise<void>;
}

export function createLine(width: number): Line {
	const running = new Set<Promise<void>>();
	/** The newest task that names a document. It started later than all it waits for, so none waits for itself. */
	const newest = new Map<string, Promise<void>>();
	return {
		async start(keys, task) {
			while (running.size >= width) await Promise.race(running);
			const named = [...keys];
			const earlier = new Set(named.flatMap((key) => newest.get(key) ?? []));
			const done = Promise.all(earlier)
				.then(task)
				.then(() => void running.delete(done));
			running.add(done);
			for (const key of named) newest.set(key, done);
		},
		async idle() {
			await Promise.all(running);
		},
	};
}
