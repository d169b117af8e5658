/**
 * One look at one path: is it as its row says, must it settle, can it be read, is it gone? Used by the observer,
 * whose state is here: why each path that is not at rest is not.
 */
import { join } from 'node:path';
import type { Clock } from './clock.ts';
import type { Deletions } from './deletions.ts';
import { compare, withContent, withoutContent } from './diff.ts';
import { errorCode, isGone, isShortage, SHORTAGE_MS, type Disk, type FileStat } from './disk.ts';
import type { DueQueue } from './due-queue.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { Identity, FilePlace } from './identity.ts';
import type { FileLedger } from './ledger.ts';
import type { Look, Reader } from './reader/reader-port.ts';
import { TOO_LARGE } from './root-state.ts';
import type { WatchSettings } from './settings.ts';
import {
	afterAsItIs,
	afterUnstable,
	isLost,
	isOldEnough,
	isQuiet,
	isRestless,
	settle,
	settledStat,
	type Attention,
} from './settle.ts';
import type { WorkQueue } from './work-queue.ts';

export interface ObserverDeps {
	disk: Pick<Disk, 'checkRoot'>;
	dirOf: (label: string) => string;
	/** Whether what stands at a place belongs to the watched set. */
	isWanted: (place: FilePlace, stat: FileStat) => boolean;
	/** Whether the disk that the place was on is not mounted. */
	isUnmounted: (place: FilePlace) => boolean;
	/** Whether the disk of a root has the machine's clock. */
	isLocal: (label: string) => boolean;
	identity: Identity;
	ledger: FileLedger;
	deletions: Deletions;
	/** Looks at single files, and reads them. */
	reader: Reader;
	clock: Clock;
	settings: WatchSettings;
	/** The row of this path may now differ from what the consumer knows, or no longer. */
	offer: (docId: string) => void;
	/** The file is gone, for now: its unsent changes must wait until that is sure. */
	withhold: (docId: string) => void;
	/** A path came to rest. */
	onRest: () => void;
}

export interface ObserverState {
	readonly deps: ObserverDeps;
	/** Changed by `setAttention` alone. */
	readonly attentions: Map<string, Attention>;
	/** Known, and waited for by nobody: parked, paused and restless. */
	quietCount: number;
	/** Gone, their deletion delay over, until a scan has ended. */
	readonly awaitingScan: Set<string>;
	/** Paths to look at now. */
	readonly queue: WorkQueue;
	/** Paths to look at later. */
	readonly due: DueQueue;
}

/** `wakeMs`: the path is looked at again after this time; null: when something calls for it. */
export function setAttention(
	state: ObserverState,
	docId: string,
	attention: Attention | null,
	wakeMs: number | null,
): void {
	const before = state.attentions.get(docId);
	state.quietCount += Number(isQuiet(attention)) - Number(isQuiet(before));
	if (attention === null) state.attentions.delete(docId);
	else state.attentions.set(docId, attention);
	if (wakeMs === null) state.due.delete(docId);
	else state.due.set(docId, wakeMs);
	state.awaitingScan.delete(docId);
	const isLostNow = isLost(attention);
	if (isLostNow === isLost(before)) return;
	const label = state.deps.identity.locate(docId)?.label;
	if (label !== undefined) state.deps.deletions.count(label, isLostNow ? 1 : -1);
}

function comeToRest(state: ObserverState, docId: string): void {
	setAttention(state, docId, null, null);
	state.deps.offer(docId);
}

/**
 * It is there, and what it holds cannot be taken: what was taken before stays, and nothing is sent of it until then.
 * What the machine is short of (descriptors, memory) it may have again at any time.
 */
function park(state: ObserverState, docId: string, stat: FileStat | null, code: string): void {
	parkFor(state, docId, stat, `it cannot be read (${code})`, isShortage(code) ? SHORTAGE_MS : null);
}

function parkFor(
	state: ObserverState,
	docId: string,
	stat: FileStat | null,
	reason: string,
	wakeMs: number | null,
): void {
	state.deps.withhold(docId);
	setAttention(state, docId, { kind: 'parked', stat, reason }, wakeMs);
}

/** Never rejects. */
export async function observePath(state: ObserverState, docId: string): Promise<void> {
	const { deps } = state;
	const { identity, reader, clock, settings, ledger } = deps;
	const place = identity.locate(docId);
	if (place === null) return;
	const dir = deps.dirOf(place.label);
	let hashedAt = clock.now();
	let seen: Look;
	try {
		const expected = settledStat(state.attentions.get(docId), clock.monotonic(), settings.quietMs);
		seen = await reader.look(dir, place.relPath, expected);
	} catch (error) {
		if (isGone(error)) await takeMissing(state, docId, place);
		else park(state, docId, null, errorCode(error));
		return;
	}
	const { stat } = seen;
	if (!deps.isWanted(place, stat)) return takeMissing(state, docId, place);
	if (stat.size > settings.maxFileBytes) return keep(state, docId, stat);
	const attention = state.attentions.get(docId);
	const isKnown = compare(ledger.get(docId), stat) === 'same';
	if (isKnown && !isRestless(attention)) return comeToRest(state, docId);
	const step = settle(attention, stat, clock.monotonic(), settings);
	if (step.kind === 'wait') return setAttention(state, docId, step.attention, step.ms);
	// A restless file has come to rest when it stood still as it was taken.
	if (isKnown) return comeToRest(state, docId);
	let { fingerprint } = seen;
	if (fingerprint === null) {
		hashedAt = clock.now();
		fingerprint = await reader.fingerprint(join(dir, place.relPath), stat, step.asItIs);
	}
	takeFingerprint(state, docId, place, fingerprint, { stat, hashedAt, asItIs: step.asItIs });
}

/** A scan met a file that nothing is known of, or not any more. */
export function settleAnew(state: ObserverState, docId: string, stat: FileStat): void {
	const { identity, clock, settings, isLocal } = state.deps;
	const { quietMs } = settings;
	const now = clock.monotonic();
	const label = identity.locate(docId)?.label;
	if (label !== undefined && isLocal(label) && isOldEnough(stat, clock.now(), quietMs)) {
		const since = now - quietMs;
		setAttention(state, docId, { kind: 'settling', stat, since, begun: since, isRestless: false }, null);
		return state.queue.push(docId);
	}
	const step = settle(undefined, stat, now, settings);
	if (step.kind === 'wait') setAttention(state, docId, step.attention, step.ms);
}

/** `hashedAt`: wall ms before the read began. */
function takeFingerprint(
	state: ObserverState,
	docId: string,
	{ label, relPath }: FilePlace,
	result: Fingerprint,
	read: { readonly stat: FileStat; readonly hashedAt: number; readonly asItIs: boolean },
): void {
	const { ledger, clock, settings } = state.deps;
	const { stat, hashedAt, asItIs } = read;
	const { quietMs } = settings;
	switch (result.kind) {
		case 'content': {
			const file = { root: label, path: relPath };
			ledger.set(docId, withContent(ledger.get(docId), file, result.content, stat, hashedAt));
			if (!asItIs) return comeToRest(state, docId);
			setAttention(state, docId, afterAsItIs(stat, clock.monotonic()), quietMs);
			return state.deps.offer(docId);
		}
		case 'unstable': {
			const before = state.attentions.get(docId);
			return setAttention(state, docId, afterUnstable(before, stat, clock.monotonic()), quietMs);
		}
		case 'gone':
			return state.queue.push(docId);
		case 'unreadable':
			return park(state, docId, stat, result.code);
	}
}

/** A file has grown beyond the limit: what was taken of it is older than what is there, and better than nothing. */
function keep(state: ObserverState, docId: string, stat: FileStat): void {
	const isKnown = (state.deps.ledger.get(docId)?.seen ?? null) !== null;
	if (isKnown) parkFor(state, docId, stat, TOO_LARGE, null);
	else comeToRest(state, docId);
}

/** The path holds no file of the watched set. */
async function takeMissing(state: ObserverState, docId: string, place: FilePlace): Promise<void> {
	const { deps } = state;
	const { label } = place;
	const { ledger, clock, settings } = deps;
	const row = ledger.get(docId);
	if (row === undefined || row.seen === null) return comeToRest(state, docId);
	if (state.attentions.get(docId)?.kind === 'moved') return;
	deps.withhold(docId);
	// The deletion of a file that nobody ever heard of is not delayed: there never was such a file.
	if (row.seq > 0) {
		const since = lostSince(state, docId);
		const left = since + settings.deletionDelayMs - clock.monotonic();
		if (left > 0) return setAttention(state, docId, { kind: 'gone', since }, left);
	}
	// Asked after the file was found gone: a root that is away takes all its files with it.
	try {
		await deps.disk.checkRoot(deps.dirOf(label));
	} catch {
		// Its changes stay withheld; the next scan that can read the root decides again.
		return setAttention(state, docId, null, null);
	}
	if (deps.isUnmounted(place)) return setAttention(state, docId, null, null);
	// Read again: it may have been acknowledged, or joined to its new name, meanwhile.
	const known = ledger.get(docId) ?? row;
	if (state.attentions.get(docId)?.kind === 'moved') return;
	if (known.seq > 0 && !mayDelete(state, docId, label)) return;
	const gone = withoutContent(known);
	if (gone === null) ledger.remove(docId);
	else ledger.set(docId, gone);
	comeToRest(state, docId);
}

function lostSince({ attentions, deps }: ObserverState, docId: string): number {
	const attention = attentions.get(docId);
	return isLost(attention) ? attention.since : deps.clock.monotonic();
}

/** Whether a deletion whose delay is over may be told now; if not, it waits for a scan, or is paused. */
function mayDelete(state: ObserverState, docId: string, label: string): boolean {
	const since = lostSince(state, docId);
	if (!isLost(state.attentions.get(docId))) setAttention(state, docId, { kind: 'gone', since }, null);
	const verdict = state.deps.deletions.verdict(label, since);
	if (verdict === 'go') return true;
	setAttention(state, docId, { kind: verdict === 'pause' ? 'paused' : 'gone', since }, null);
	if (verdict === 'await scan') state.awaitingScan.add(docId);
	return false;
}
