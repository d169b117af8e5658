import { failureOf } from '../../domain/index.ts';
import type { Page, PageRequest } from '../../ports/index.ts';
import { decide } from '../faults/index.ts';
import { inParallel, isWithinBounds } from './index-verification.ts';
import { repair, type RepairDeps, type Repaired } from './repair.ts';

/**
 * Every document of a tenant is repaired, in order, and then the points of no document are removed. Memory is bounded
 * by the entries of a few documents, and how far it has come is kept in a marker, so that a restart goes on there.
 */
export interface RepairMarker {
	readonly tenant: string;
	readonly after: string;
}

export const repairMarker = 'mending';
/** All of the tenant is to be repaired. */
export const markerOf = (tenant: string): string =>
	JSON.stringify({ tenant, after: '' } satisfies RepairMarker);
const docsAPage = 100;
const namesAPage = 1_000;
/** A document in work keeps the rest waiting for no longer than this. */
const busyMs = 20_000;
/** Before a document in work is tried again. */
const pauseMs = 200;
/** Before the end of a hold is tried again, where that failed. */
const endHoldPauseMs = 1_000;
/** Documents whose points are remembered as seen before what is of no document is removed. */
const strangersAtOnce = 10_000;

export async function repairTenant({ tenant, after: from }: RepairMarker, deps: RepairDeps): Promise<void> {
	const { docStore } = deps;
	for (let after = from; ;) {
		const progress: RepairMarker = { tenant, after };
		await docStore.setMarker(repairMarker, JSON.stringify(progress));
		const page = await docStore.documents({ tenant, limit: docsAPage, ...(after !== '' && { after }) });
		await inParallel(
			page.filter(({ published, orphans }) => published !== null || orphans > 0),
			({ docId }) => repairOrLeave(tenant, docId, deps),
		);
		const last = page.at(-1);
		if (last === undefined || page.length < docsAPage) break;
		after = last.docId;
	}
	if (!deps.totals.isNewer) await removeStrangers(tenant, deps);
}

/** Points of documents that are not published; those of published ones have been repaired by now. */
async function removeStrangers(tenant: string, deps: RepairDeps): Promise<void> {
	if (await isWithinBounds(tenant, deps)) return;
	for await (const strangers of strangersOf(tenant, deps))
		await inParallel(strangers, (docId) => repairOrLeave(tenant, docId, deps));
}

/** Documents that the index has points of and that are not published, some at a time. */
export async function* strangersOf(
	tenant: string,
	{
		docStore,
		vectorStore,
		breaker,
		signal,
	}: Pick<RepairDeps, 'docStore' | 'vectorStore' | 'breaker' | 'signal'>,
): AsyncGenerator<readonly string[]> {
	let strangers = new Set<string>();
	const seen = new Set<string>();
	let from: string | null = null;
	do {
		const request: PageRequest = { tenant, from, limit: namesAPage };
		const { items, next }: Page<string> = await breaker.run(() => vectorStore.documents(request), signal);
		for (const docId of items) {
			if (seen.has(docId)) continue;
			seen.add(docId);
			if (((await docStore.document(tenant, docId))?.published ?? null) === null) strangers.add(docId);
		}
		from = next;
		if (from !== null && seen.size < strangersAtOnce) continue;
		yield [...strangers];
		strangers = new Set();
		seen.clear();
	} while (from !== null);
}

/** A document as one key. */
const nameOf = (tenant: string, docId: string) => JSON.stringify([tenant, docId]);
/** The document that such a key names. */
export const namedBy = (name: string) => JSON.parse(name) as [tenant: string, docId: string];

/** Of one check so many are named in the log; all are counted. */
const mostNamed = 20;

/**
 * What is wrong with one document keeps no other from being repaired: it is named, and tried again by its name, because
 * by the number of its points its tenant may look sound.
 * What is wrong with a peer or the store is thrown.
 */
export async function repairOrLeave(tenant: string, docId: string, deps: RepairDeps): Promise<void> {
	try {
		const done = await repairDocument(tenant, docId, deps);
		if (done !== null) deps.totals.unmended.delete(nameOf(tenant, docId));
	} catch (error) {
		deps.signal.throwIfAborted();
		leaveUnmended(tenant, docId, error, deps);
	}
}

/** Whether it is the document that is wrong, and no peer and not the store. */
export function isOfDocument(error: unknown, random: () => number): boolean {
	const context = { documents: 1, attempts: 0, maxAttempts: 1, othersServed: true, previousMs: 0, random };
	return decide(error, context).kind === 'dead';
}

/** Of what was left so many are tried again at a time. */
const retriedAtOnce = 20;

export async function retryUnmended(deps: RepairDeps): Promise<void> {
	for (const name of [...deps.totals.unmended.keys()].slice(0, retriedAtOnce)) {
		const [tenant, docId] = namedBy(name);
		await repairOrLeave(tenant, docId, deps);
	}
}

function leaveUnmended(
	tenant: string,
	docId: string,
	error: unknown,
	{ log, totals, random }: RepairDeps,
): void {
	if (!isOfDocument(error, random)) throw error;
	const name = nameOf(tenant, docId);
	const isNamed = totals.unmended.has(name) || totals.unmended.size >= mostNamed;
	// Behind the others, so that each gets its turn.
	totals.unmended.delete(name);
	totals.unmended.set(name, failureOf(error));
	if (!isNamed)
		log.error({ tenant, docId, error }, 'a document could not be mended in the index; the others are');
}

/**
 * Whatever comes of it, the document is not held any more afterwards. Null: somebody was at work on it for longer than it
 * was waited for.
 */
export async function repairDocument(
	tenant: string,
	docId: string,
	deps: RepairDeps,
): Promise<Repaired | null> {
	const { clock, telemetry, totals, signal } = deps;
	const end = clock.monotonic() + busyMs;
	try {
		let done = await repair(tenant, docId, deps);
		while (done === null && clock.monotonic() < end) {
			await clock.sleep(pauseMs, signal);
			done = await repair(tenant, docId, deps);
		}
		if (done === null) return null;
		totals.isNewer ||= done.newer;
		totals.written += done.written;
		totals.removed += done.removed;
		telemetry.count('docdrop_mended_points_total', { action: 'written' }, done.written);
		telemetry.count('docdrop_mended_points_total', { action: 'removed' }, done.removed);
		return done;
	} finally {
		await endHold(tenant, docId, deps);
	}
}

/** Tried until it is done: a document that stayed held would never be claimed again. */
async function endHold(tenant: string, docId: string, deps: RepairDeps): Promise<void> {
	const { docStore, clock, log, signal, wake } = deps;
	while (!signal.aborted) {
		try {
			await docStore.endHold(tenant, docId);
			return wake();
		} catch (error) {
			log.warn({ tenant, docId, error }, 'a mended document could not be let go of; it is tried again');
			await clock.sleep(endHoldPauseMs, signal).catch(() => {});
		}
	}
}
