/**
 * A lane's lock: whoever writes into the index holds it, one at a time, in the order in which they asked. Only
 * lane.ts makes one.
 *
 * A turn is one batch's claim to it. Entering twice and leaving twice are allowed: a batch that failed keeps
 * its turn while it waits for the index, so that nothing behind it goes first, and enters again at its next try.
 */
export interface LaneTurn {
	/** Resolves when the lock is held. */
	enter(): Promise<void>;
	leave(): void;
}

export interface LaneLock {
	/** `onFirst` is called when it is held for the first time. */
	turn(onFirst?: () => void): LaneTurn;
	/** Monotonic ms at which the lock was last left; -Infinity before. */
	freedAt(): number;
}

export function createLaneLock(monotonic: () => number): LaneLock {
	const queue: (() => void)[] = [];
	let isTaken = false;
	let freedAt = -Infinity;

	return {
		turn(onFirst) {
			let isMine = false;
			let isFirst = true;
			return {
				async enter() {
					if (isMine) return;
					if (isTaken) await new Promise<void>((resolve) => queue.push(resolve));
					isTaken = true;
					isMine = true;
					if (isFirst) onFirst?.();
					isFirst = false;
				},
				leave() {
					if (!isMine) return;
					isMine = false;
					freedAt = monotonic();
					const next = queue.shift();
					// Handed on without a gap: one that asks now must not come between.
					if (next === undefined) isTaken = false;
					else next();
				},
			};
		},
		freedAt: () => freedAt,
	};
}
