import { rmSync } from 'node:fs';

/**
 * How files of bodies are removed: at once, or, while somebody copies the folder, when that is done, so that a copy of the
 * rows finds every file that it names. What a crash leaves is removed at the next opening, as ever.
 */
export interface Removals {
	/** Best effort. */
	remove(path: string): void;
	hold(): void;
	release(): void;
}

export function createRemovals(): Removals {
	let held: string[] | null = null;
	function remove(path: string): void {
		if (held !== null) return void held.push(path);
		try {
			rmSync(path, { force: true });
		} catch {
			// Nothing refers to it any more; it only takes room until the next opening.
		}
	}
	return {
		remove,
		hold: () => void (held ??= []),
		release() {
			const waiting = held ?? [];
			held = null;
			waiting.forEach(remove);
		},
	};
}
