import type { Clock } from './clock.ts';

/** Names, each with a time at which it is handed to `onDue`, on one timer. Setting a name again moves its time. */
export interface DueQueue {
	set(name: string, ms: number): void;
	delete(name: string): void;
	clear(): void;
}

/** Names that come due within this time of each other share a turn, ms; nothing is handed on early. */
const GRAIN_MS = 20;

export function createDueQueue(deps: { clock: Clock; onDue: (name: string) => void }): DueQueue {
	const dueAt = new Map<string, number>();
	let timer: { at: number; cancel: () => void } | null = null;

	const setTimer = (at: number) => {
		if (timer !== null && timer.at <= at) return;
		timer?.cancel();
		timer = { at, cancel: deps.clock.after(Math.max(0, at - deps.clock.monotonic()), handOver) };
	};
	const handOver = () => {
		timer = null;
		const now = deps.clock.monotonic();
		let next = Infinity;
		const due: string[] = [];
		for (const [name, at] of dueAt) {
			if (at <= now) due.push(name);
			else next = Math.min(next, at);
		}
		for (const name of due) dueAt.delete(name);
		if (next !== Infinity) setTimer(Math.max(next, now + GRAIN_MS));
		for (const name of due) deps.onDue(name);
	};
	return {
		set(name, ms) {
			const at = deps.clock.monotonic() + ms;
			dueAt.set(name, at);
			setTimer(at);
		},
		delete: (name) => void dueAt.delete(name),
		clear() {
			dueAt.clear();
			timer?.cancel();
			timer = null;
		},
	};
}
