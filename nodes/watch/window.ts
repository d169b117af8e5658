/**
 * What waits to be sent: paths, each once, in order of arrival, and when a batch of them is full. It holds no
 * content and no history: the newest state of a path is read from its row when its batch is sent, so a slow
 * consumer costs one entry a path however often the file changes. Pure but for its own entries.
 */
export interface WindowLimits {
	readonly files: number;
	readonly bytes: number;
	/** Longest wait of a path that is ready, ms. */
	readonly waitMs: number;
}

export interface WindowBatch {
	readonly docIds: readonly string[];
	readonly closedBy: 'files' | 'bytes' | 'age';
}

export interface Window {
	/** Adds a path, or brings its size up to date and leaves its place and age as they are. */
	put(docId: string, bytes: number, now: number): void;
	/** Adds a path that must not be sent before `notBefore`; the path must not be in the window. */
	putLater(docId: string, bytes: number, notBefore: number): void;
	drop(docId: string): void;
	/**
	 * The next batch that is due, taken out; null if none is. A batch holds at least one path, however large,
	 * and no more than any of its paths allows.
	 */
	take(now: number, cap?: (docId: string) => number): WindowBatch | null;
	/** When `take` gives the next batch, if nothing changes; null for an empty window. */
	dueAt(): number | null;
	readonly size: number;
	docIds(): Iterable<string>;
}

export function createWindow(limits: WindowLimits): Window {
	// In order of `since`, because `now` never goes back: the first one is the oldest.
	const ready = new Map<string, { bytes: number; since: number }>();
	let readyBytes = 0;
	const later = new Map<string, { bytes: number; notBefore: number }>();
	// At or before the first `notBefore`: after a path was dropped it may be too early, never too late.
	let laterDue = Infinity;

	const drop = (docId: string) => {
		readyBytes -= ready.get(docId)?.bytes ?? 0;
		ready.delete(docId);
		later.delete(docId);
	};
	const put = (docId: string, bytes: number, now: number) => {
		const entry = later.get(docId) ?? ready.get(docId);
		if (entry === undefined) ready.set(docId, { bytes, since: now });
		if (!later.has(docId)) readyBytes += bytes - (entry?.bytes ?? 0);
		if (entry !== undefined) entry.bytes = bytes;
	};
	const promote = (now: number) => {
		if (laterDue > now) return;
		laterDue = Infinity;
		for (const [docId, { bytes, notBefore }] of later) {
			if (notBefore > now) {
				laterDue = Math.min(laterDue, notBefore);
				continue;
			}
			later.delete(docId);
			put(docId, bytes, now);
		}
	};
	const isFull = () => ready.size >= limits.files || readyBytes >= limits.bytes;
	const readyDue = () => {
		const [oldest] = ready.values();
		if (oldest === undefined) return Infinity;
		return isFull() ? -Infinity : oldest.since + limits.waitMs;
	};

	return {
		put,
		putLater(docId, bytes, notBefore) {
			later.set(docId, { bytes, notBefore });
			laterDue = Math.min(laterDue, notBefore);
		},
		drop,
		take(now, cap = () => Infinity) {
			promote(now);
			if (readyDue() > now) return null;
			const docIds: string[] = [];
			let bytes = 0;
			let closedBy: WindowBatch['closedBy'] = 'age';
			let most = limits.files;
			for (const [docId, entry] of ready) {
				most = Math.min(most, Math.max(docIds.length, cap(docId)));
				if (docIds.length >= most) closedBy = 'files';
				else if (docIds.length > 0 && bytes + entry.bytes > limits.bytes) closedBy = 'bytes';
				if (closedBy !== 'age') break;
				docIds.push(docId);
				bytes += entry.bytes;
			}
			if (docIds.length >= most) closedBy = 'files';
			else if (bytes >= limits.bytes) closedBy = 'bytes';
			for (const docId of docIds) drop(docId);
			return { docIds, closedBy };
		},
		dueAt() {
			const due = Math.min(readyDue(), later.size === 0 ? Infinity : laterDue);
			return due === Infinity ? null : due;
		},
		get size() {
			return ready.size + later.size;
		},
		*docIds() {
			yield* ready.keys();
			yield* later.keys();
		},
	};
}
