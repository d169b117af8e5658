import type { QueueKey, QueueUsage } from './queue-key.ts';
import { queueKeyName } from './fair-share.ts';

/**
 * How much of the room for work in progress a flow may take. Pure.
 *
 * A flow may grow up to three times what is still free ("dynamic thresholds", Choudhury and Hahne, 1998): one
 * flow alone gets three quarters of the room, two get three sevenths each, and some of it is always free for who
 * comes next. So a tenant's 21,000 documents never hold every place, and an edit needs none of them to be done.
 */
export interface Room {
	readonly documents: number;
	readonly bytes: number;
	/** A document larger than `bytes` may be taken: none such is in work. */
	readonly mayExceed: boolean;
}

const portion = 3;

export const mayGrow = (held: number, free: number): boolean => held < portion * free;

/**
 * What is free of `limits`. A flow with a document larger than its part counts with its part only: the document
 * is in work beyond the bound, one such at a time, and keeps nobody else from working.
 */
export function capacityLeft(
	limits: { readonly documents: number; readonly bytes: number },
	inWork: readonly QueueUsage[],
): Room {
	let bytes = limits.bytes;
	let mayExceed = true;
	for (const held of inWork.map((flow) => flow.bytes).sort((a, b) => b - a)) {
		const part = (bytes * portion) / (portion + 1);
		if (held > part) mayExceed = false;
		bytes -= Math.min(held, part);
	}
	const documents = limits.documents - inWork.reduce((sum, flow) => sum + flow.documents, 0);
	return { documents, bytes, mayExceed };
}

/** Counts what is in work by flow. */
export function createUsage() {
	const loads = new Map<string, QueueUsage>();
	function add(flow: QueueKey, documents: number, bytes: number): void {
		const name = queueKeyName(flow);
		const before = loads.get(name);
		const next = (before?.documents ?? 0) + documents;
		if (next === 0) return void loads.delete(name);
		const { tenant, class: at } = flow;
		loads.set(name, { tenant, class: at, documents: next, bytes: (before?.bytes ?? 0) + bytes });
	}
	return {
		begin: (flow: QueueKey, bytes: number) => add(flow, 1, bytes),
		end: (flow: QueueKey, bytes: number) => add(flow, -1, -bytes),
		list: (): QueueUsage[] => [...loads.values()],
	};
}
