import { setImmediate } from 'node:timers/promises';
import { DocDropError, type ErrorCode } from '../../../api/errors.ts';

/**
 * Counts every call that goes out to a document store, an index, an embedder, a spool or an extractor, and lets
 * the n-th one fail: the way SQLite's own tests go through every place where input or output can go wrong.
 */
export const portNames = ['docStore', 'vectorStore', 'embedder', 'spool', 'extractor'] as const;
export type PortName = (typeof portNames)[number];

/**
 *  before   it fails before it does anything, as a peer that is away
 *  after    it does its work, and then its answer is lost
 *  half     it does a part of its work where it can be done in part, and then there is no room for the rest
 *  refused  it fails in a way that says something of the document, or of the program itself
 */
export const variants = ['before', 'after', 'half', 'refused'] as const;
export type Variant = (typeof variants)[number];

/** Once; or whatever is called from there on, until a little later. */
export const modes = ['once', 'for a while'] as const;
export type Mode = (typeof modes)[number];
const whileMs = 5_000;

export interface Fault {
	readonly n: number;
	readonly variant: Variant;
	readonly mode: Mode;
}

const away: Readonly<Record<PortName, ErrorCode>> = {
	docStore: 'store_unavailable',
	vectorStore: 'index_unavailable',
	embedder: 'embedder_unavailable',
	spool: 'store_unavailable',
	extractor: 'extractor_unavailable',
};
const noRoom: Readonly<Record<PortName, ErrorCode>> = {
	docStore: 'disk_full',
	vectorStore: 'disk_full',
	embedder: 'embedder_throttled',
	spool: 'disk_full',
	extractor: 'store_unavailable',
};
export const refusals: Readonly<Record<PortName, ErrorCode>> = {
	docStore: 'internal',
	vectorStore: 'index_rejected',
	embedder: 'embedder_rejected',
	spool: 'too_large',
	extractor: 'unreadable',
};
const codes: Readonly<Record<Variant, Readonly<Record<PortName, ErrorCode>>>> = {
	before: away,
	after: away,
	half: noRoom,
	refused: refusals,
};

/** More calls than any run needs: work that is tried again without a pause. */
const mostCalls = 20_000;

export interface Gate {
	call<T>(port: PortName, name: string, act: () => Promise<T>, half?: () => Promise<unknown>): Promise<T>;
	/** The same for what is read piece by piece; it fails behind the first one where it does not fail at once. */
	walk<T>(port: PortName, name: string, items: AsyncIterable<T>): AsyncIterable<T>;
	/** No more faults, and nothing is counted. */
	open(): void;
	/** Resolves when no call is under way and none follows by itself. */
	quiet(): Promise<void>;
	/** Calls that failed, by name. */
	readonly struck: readonly string[];
	/** What has been called, in order, for whoever looks for the reason. */
	readonly calls: readonly string[];
}

export function createGate(fault: Fault | null, monotonic: () => number): Gate {
	const calls: string[] = [];
	const struck: string[] = [];
	let isOpen = false;
	let until: number | null = null;
	let running = 0;
	let total = 0;
	let onIdle = () => {};

	function strikes(): boolean {
		if (fault === null || isOpen || calls.length < fault.n) return false;
		if (fault.mode === 'once') return struck.length === 0;
		until ??= monotonic() + whileMs;
		return monotonic() < until;
	}

	/** The error that this call is to fail with, or null. */
	function enter(port: PortName, name: string): DocDropError | null {
		total += 1;
		if (total > mostCalls) throw new Error(`more than ${mostCalls} calls, the last of ${port}.${name}`);
		if (isOpen) return null;
		calls.push(`${port}.${name}`);
		if (fault === null || !strikes()) return null;
		struck.push(`${port}.${name}`);
		const code = codes[fault.variant][port];
		const retryAfterMs = code === 'embedder_throttled' ? 700 : undefined;
		return new DocDropError(code, `call ${calls.length} failed`, {
			...(retryAfterMs !== undefined && { retryAfterMs }),
		});
	}
	async function counted<T>(work: () => Promise<T>): Promise<T> {
		running += 1;
		try {
			return await work();
		} finally {
			running -= 1;
			if (running === 0) onIdle();
		}
	}

	return {
		struck,
		calls,
		open: () => void (isOpen = true),
		call: (port, name, act, half) =>
			counted(async () => {
				const error = enter(port, name);
				if (error === null) return act();
				if (fault?.variant === 'after') await act();
				if (fault?.variant === 'half') await half?.();
				throw error;
			}),
		async *walk(port, name, items) {
			running += 1;
			try {
				const error = enter(port, name);
				if (error !== null && fault?.variant !== 'after') throw error;
				for await (const item of items) {
					yield item;
					if (error !== null) throw error;
				}
				if (error !== null) throw error;
			} finally {
				running -= 1;
				if (running === 0) onIdle();
			}
		},
		async quiet() {
			for (let seen = -1, turns = 0; turns < 6; turns += 1) {
				if (running > 0) await new Promise<void>((resolve) => (onIdle = resolve));
				await setImmediate();
				if (running > 0 || total !== seen) turns = 0;
				seen = total;
			}
		},
	};
}
