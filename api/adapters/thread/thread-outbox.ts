export interface ThreadOutbox<T> {
	/** Whether it is the first since the last `flush`. */
	add(item: T): boolean;
	flush(): void;
}

/** Posts together what was added together; an item that cannot be cloned fails alone. */
export function createThreadOutbox<T>(
	port: { postMessage(items: readonly T[]): void },
	fail: (item: T, error: unknown) => void,
): ThreadOutbox<T> {
	let items: T[] = [];
	function post(some: readonly T[]): void {
		const [first, ...more] = some;
		if (first === undefined) return;
		try {
			port.postMessage(some);
		} catch (error) {
			if (more.length === 0) fail(first, error);
			else for (const item of some) post([item]);
		}
	}
	return {
		add: (item) => items.push(item) === 1,
		flush() {
			const some = items;
			items = [];
			post(some);
		},
	};
}
