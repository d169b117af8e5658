import type { QueueKey, QueueUsage } from './queue-key.ts';
import { queueKeyName } from './fair-share.ts';

/**
 * How much of the capacity for work in progress one queue key may take. Pure.
 *
 * A queue key may grow up to three times what is still free ("dynamic thresholds", Choudhury and Hahne, 1998): one
 * alone gets three quarters of the capacity, two get three sevenths each, and some of it is always free for the next
 * one. So a tenant's 21,000 documents never take every place, and an edit need not wait until one of them is done.
 */
export interface Capacity {
	readonly documents: number;
	readonly bytes: number;
	/** A document larger than `bytes` may be taken: none such is in work. */
	readonly mayExceed: boolean;
}

const portion = 3;

export const mayGrow = (used: number, free: number): boolean => used < portion * free;

/** The same for what is taken whole: whether who then has `used` still leaves others their part. */
export const leavesEnough = (used: number, free: number): boolean => used <= portion * free;

/**
 * What is free of `limits`. A queue key with a document larger than its part counts with its part only: the document
 * is in work beyond the bound, one such at a time, and keeps nobody else from working.
 */
export function capacityLeft(
	limits: { readonly documents: number; readonly bytes: number },
	inWork: readonly QueueUsage[],
): Capacity {
	let bytes = limits.bytes;
	let mayExceed = true;
	for (const used of inWork.map((usage) => usage.bytes).sort((a, b) => b - a)) {
		const part = (bytes * portion) / (portion + 1);
		if (used > part) mayExceed = false;
		bytes -= Math.min(used, part);
	}
	const documents = limits.documents - inWork.reduce((sum, usage) => sum + usage.documents, 0);
	return { documents, bytes, mayExceed };
}

/** Counts what is in work by queue key. */
export function createUsage() {
	const usages = new Map<string, QueueUsage>();
	function add(key: QueueKey, documents: number, bytes: number): void {
		const name = queueKeyName(key);
		const before = usages.get(name);
		const next = (before?.documents ?? 0) + documents;
		if (next === 0) return void usages.delete(name);
		const { tenant, class: at } = key;
		usages.set(name, { tenant, class: at, documents: next, bytes: (before?.bytes ?? 0) + bytes });
	}
	return {
		begin: (key: QueueKey, bytes: number) => add(key, 1, bytes),
		end: (key: QueueKey, bytes: number) => add(key, -1, -bytes),
		list: (): QueueUsage[] => [...usages.values()],
	};
}
