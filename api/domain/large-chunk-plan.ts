/**
 * chunk-plan.ts for a document of any number of chunks: the same decisions, from hashes alone, in packed memory (about
 * 100 bytes a chunk) and with pauses, so that the event loop is never held. Chunks come first, in order, then
 * the entries that the store has, in any order.
 */
import type { StoredEntry } from './manifest.ts';
import { eachKeyBetween, keyOfNumber, numberOfKey } from './order-key.ts';
import { bytesOfUuid, pointId, uuidOfBytes } from './point-id.ts';
import { createRecords } from './records.ts';

export interface LargePlan {
	readonly chunks: number;
	readonly kept: number;
	readonly gone: number;
	pointId(index: number): string;
	order(index: number): string;
	/** Already in the index, with the right vector. */
	isKept(index: number): boolean;
	/** The store has an entry of it: of the manifest (then this attempt rewrites it unless it is kept), or an orphan point. */
	isKnown(index: number): boolean;
	isOfManifest(index: number): boolean;
	keptIds(): string[];
	reordered(): { id: string; order: string }[];
	/** Everything that may be in the index and shall not, by its place. */
	goneIds(from: number, to: number): { ids: string[]; certain: string[] };
}

/** What the store has of a chunk. */
const nothing = 0;
const orphan = 1;
const certain = 2;

/** So many steps take a millisecond or two. */
const STEPS_A_TURN = 5_000;

export function createLargePlanner(tenant: string, docId: string) {
	const hashes = createRecords(32);
	const occurrences: number[] = [];
	const ids = createRecords(16);
	const goneIds = createRecords(16);
	const isGoneCertain: boolean[] = [];
	/** Order keys of the store's entries, as numbers; NaN for none. */
	let oldOrders = new Float64Array(0);
	let known = new Uint8Array(0);

	return {
		/** The next chunk, by its hash. */
		add(hash: string): void {
			const record = Buffer.from(hash, 'hex');
			let at = hashes.find(record);
			if (at < 0) at = hashes.add(record);
			const occurrence = occurrences[at] ?? 0;
			occurrences[at] = occurrence + 1;
			ids.add(bytesOfUuid(pointId(tenant, docId, hash, occurrence)));
		},

		/** Entries of the store; after all chunks. */
		addEntries(entries: readonly Omit<StoredEntry, 'hash'>[]): void {
			if (known.length === 0) {
				known = new Uint8Array(ids.count());
				oldOrders = new Float64Array(ids.count()).fill(Number.NaN);
			}
			for (const entry of entries) {
				const record = bytesOfUuid(entry.pointId);
				const at = ids.find(record);
				if (at < 0) {
					isGoneCertain[goneIds.add(record)] = entry.isCertain;
				} else {
					known[at] = entry.isCertain ? certain : orphan;
					if (entry.isCertain) oldOrders[at] = numberOfKey(entry.order);
				}
			}
		},

		async finish(canKeep: boolean, pause: () => Promise<void>): Promise<LargePlan> {
			const count = ids.count();
			const orders = await newOrders(oldOrders, count, pause);
			let kept = 0;
			for (let at = 0; at < count; at += 1) if (canKeep && known[at] === certain) kept += 1;
			const textOf = (index: number) => uuidOfBytes(ids.at(index));
			const isKept = (index: number) => canKeep && known[index] === certain;
			const orderOf = (index: number) => orders[index] ?? '';
			function* indices(test: (index: number) => boolean) {
				for (let at = 0; at < count; at += 1) if (test(at)) yield at;
			}
			return {
				chunks: count,
				kept,
				gone: goneIds.count(),
				pointId: textOf,
				order: orderOf,
				isKept,
				isKnown: (index) => (known[index] ?? nothing) !== nothing,
				isOfManifest: (index) => known[index] === certain,
				keptIds: () => Array.from(indices(isKept), textOf),
				reordered: () =>
					Array.from(
						indices(
							(index) => isKept(index) && orderOf(index) !== keyOfNumber(oldOrders[index] ?? Number.NaN),
						),
						(index) => ({ id: textOf(index), order: orderOf(index) }),
					),
				goneIds(from, to) {
					const slice = { ids: [] as string[], certain: [] as string[] };
					for (let at = from; at < Math.min(to, goneIds.count()); at += 1) {
						const id = uuidOfBytes(goneIds.at(at));
						slice.ids.push(id);
						if (isGoneCertain[at] === true) slice.certain.push(id);
					}
					return slice;
				},
			};
		},
	};
}

/** As assignOrder does: the longest run that is in the right order keeps its keys, the others get new ones. */
async function newOrders(old: Float64Array, count: number, pause: () => Promise<void>): Promise<string[]> {
	const run = await longestRising(old, pause);
	const keys: string[] = [];
	let low: string | null = null;
	let steps = 0;
	for (let place = 0; place <= run.length; place += 1) {
		const index = run[place] ?? count;
		const high: string | null = index === count ? null : keyOfNumber(old[index] ?? Number.NaN);
		if (index > keys.length) {
			for (const key of eachKeyBetween(low, high, index - keys.length)) {
				keys.push(key);
				steps += 1;
				if (steps % STEPS_A_TURN === 0) await pause();
			}
		}
		if (high !== null) keys.push(high);
		low = high;
		steps += 1;
		if (steps % STEPS_A_TURN === 0) await pause();
	}
	return keys;
}

/** Indices of a longest strictly rising run; NaN belongs to none. */
async function longestRising(values: Float64Array, pause: () => Promise<void>): Promise<Int32Array> {
	const ends = new Int32Array(values.length);
	const before = new Int32Array(values.length);
	let length = 0;
	for (let index = 0; index < values.length; index += 1) {
		if (index % STEPS_A_TURN === STEPS_A_TURN - 1) await pause();
		const value = values[index] ?? Number.NaN;
		if (Number.isNaN(value)) continue;
		let low = 0;
		let high = length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if ((values[ends[middle] ?? 0] ?? 0) < value) low = middle + 1;
			else high = middle;
		}
		before[index] = low === 0 ? -1 : (ends[low - 1] ?? -1);
		ends[low] = index;
		if (low === length) length += 1;
	}
	const run = new Int32Array(length);
	let index = length === 0 ? -1 : (ends[length - 1] ?? -1);
	for (let place = length - 1; place >= 0; place -= 1) {
		run[place] = index;
		index = before[index] ?? -1;
	}
	return run;
}
