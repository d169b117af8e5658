import type { Clock } from '../../ports/time.ts';
import type { StoredPoint } from '../../ports/vector-store.ts';
import type { Tally } from '../../ports/repair-store.ts';
import type { Log, Telemetry } from '../../telemetry.ts';
import { repair, pointsOf, type Gap, type RepairDeps } from './repair.ts';
import { decide } from '../faults/index.ts';

/**
 * Holds the index against the manifest: an index that is older than it (restored from a snapshot, back from a power
 * cut that took what was acknowledged last, deleted) is noticed and mended. It is asked for whenever the index was
 * connected to, once more some time after that (a write that was given up may be applied late), and now and then.
 *
 *  notice  each tenant's number of points is within what its manifest allows, and the document published last is
 *          there with its version
 *  mend    every document of a tenant that failed, in order, and then the points of no document; see repair.ts
 *
 * A single document is mended where a buried attempt has begun to write it. All mending is done here, one after the
 * other: a document that two of them held would be let go of by the first.
 *
 * Memory is bounded by one document's lines. Accepting and publishing go on: a document is held while it is
 * mended, and nothing else is. How far it has come is noted, so that a restart goes on there.
 */
export interface IndexCheckDeps extends Omit<RepairDeps, 'gap'> {
	readonly clock: Clock;
	/** Store time, ms. */
	readonly now: () => number;
	readonly log: Log;
	readonly telemetry: Telemetry;
	readonly random: () => number;
	/** Documents in work may be let go of a hold: the worker is told. */
	readonly wake: () => void;
	/** Between two checks that nobody asked for, ms. */
	readonly everyMs: number;
	/** After which a write that was given up is not expected to be applied any more, ms. */
	readonly lateMs: number;
}

export interface IndexCheckStatus {
	/** `newer`: the index holds versions that the store has never seen. */
	readonly state: 'unchecked' | 'checking' | 'mending' | 'sound' | 'newer' | 'unsound';
	/** ISO 8601; of the last check that came to its end. */
	readonly checkedAt: string | null;
	/** Tenants that are being mended, or could not be. */
	readonly tenants: number;
	/** Since the start. */
	readonly written: number;
	readonly removed: number;
}

export interface IndexCheck {
	/** The index was connected to. */
	request(): void;
	/** An attempt at the document was given up, and may have left its fields on points that stay. */
	mend(tenant: string, docId: string): void;
	status(): IndexCheckStatus;
}

interface Progress {
	readonly tenant: string;
	readonly after: string;
}

const noteName = 'mending';
const docsAPage = 100;
const rowsATally = 2_000;
const parallel = 4;
/** A count taken while documents are published may be of no moment at all: it is believed when it repeats. */
const looks = 3;
const pauseMs = 200;
/** A document in work keeps the rest waiting for no longer than this. */
const busyMs = 20_000;
/** Before a document is let go of again, where that failed. */
const endHoldPauseMs = 1_000;
/** More points of one document than this are not all looked at for a sign of life. */
const canaryPoints = 1_000;

export function startIndexCheck(deps: IndexCheckDeps): IndexCheck {
	const { docStore, vectorStore, breaker, clock, now, log, telemetry, random, signal, wake } = deps;
	let state: IndexCheckStatus['state'] = 'unchecked';
	let checkedAt: string | null = null;
	let suspects = 0;
	const sums = { written: 0, removed: 0 };
	let isAsked = true;
	let gap: Gap = { from: 0, to: 0 };
	const mending: RepairDeps = { ...deps, gap: () => gap };
	/** Documents to mend before anything else, by name. */
	const marked = new Map<string, { readonly tenant: string; readonly docId: string }>();
	let ask = () => {};
	let cancelLate = () => {};

	async function tallies(): Promise<Map<string, Tally>> {
		const all = new Map<string, Tally>();
		for (let after: number | null = 0; after !== null;) {
			const { tenants, last } = await docStore.tally({ after, limit: rowsATally });
			for (const { tenant, least, most, latest } of tenants) {
				const own = all.get(tenant) ?? { tenant, least: 0, most: 0, latest: null };
				const isLater = latest !== null && latest.at >= (own.latest?.at ?? 0);
				all.set(tenant, {
					tenant,
					least: own.least + least,
					most: own.most + most,
					latest: isLater ? latest : own.latest,
				});
			}
			after = last;
		}
		return all;
	}

	const count = (tenant: string) => breaker.run(() => vectorStore.count(tenant), signal);

	async function isSound({ tenant, least, most, latest }: Tally): Promise<boolean> {
		const points = await count(tenant);
		if (points < least || points > most) return false;
		return latest === null || isAlive(tenant, latest.docId);
	}

	/** The document published last is there with its version, or is not at rest any more. */
	async function isAlive(tenant: string, docId: string): Promise<boolean> {
		const document = await docStore.document(tenant, docId);
		if (document === null || document.published === null || document.orphans > 0) return true;
		const { version, chunks } = document.published;
		let found = 0;
		if (chunks > canaryPoints) {
			const point = await breaker.run(() => firstOf(vectorStore.scan(tenant, docId)), signal);
			return point !== undefined && point.fields.version === version;
		}
		for (const { fields } of await pointsOf(tenant, docId, deps)) if (fields.version === version) found += 1;
		return found >= chunks;
	}

	/** Tenants whose index is not what the manifest says. */
	async function look(of: ReadonlySet<string> | null): Promise<Set<string>> {
		let open = of;
		for (let nth = 0; nth < looks; nth += 1) {
			const wanted = [...(await tallies()).values()].filter(
				({ tenant }) => open === null || open.has(tenant),
			);
			const failed = new Set<string>();
			await each(wanted, async (tally) => {
				if (!(await isSound(tally))) failed.add(tally.tenant);
			});
			open = failed;
			if (failed.size === 0) break;
			if (nth < looks - 1) await clock.sleep(pauseMs, signal);
		}
		return new Set(open);
	}

	async function each<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
		const left = items[Symbol.iterator]();
		await Promise.all(
			Array.from({ length: parallel }, async () => {
				for (const item of left) await act(item);
			}),
		);
	}

	let isNewer = false;
	/** Every document is let go of, whatever comes of it. */
	async function repairOne(tenant: string, docId: string): Promise<void> {
		const end = clock.monotonic() + busyMs;
		try {
			let done = await repair(tenant, docId, mending);
			while (done === null && clock.monotonic() < end) {
				await clock.sleep(pauseMs, signal);
				done = await repair(tenant, docId, mending);
			}
			if (done === null) return;
			isNewer ||= done.newer;
			sums.written += done.written;
			sums.removed += done.removed;
			telemetry.count('docdrop_mended_points_total', { action: 'written' }, done.written);
			telemetry.count('docdrop_mended_points_total', { action: 'removed' }, done.removed);
		} finally {
			await letGo(tenant, docId);
		}
	}

	/** Until it is done: what is held is claimed by nobody. */
	async function letGo(tenant: string, docId: string): Promise<void> {
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

	async function repairTenant(tenant: string, from: string): Promise<void> {
		for (let after = from; ;) {
			const page = await docStore.documents({ tenant, limit: docsAPage, ...(after !== '' && { after }) });
			await each(
				page.filter(({ published, orphans }) => published !== null || orphans > 0),
				({ docId }) => repairOne(tenant, docId),
			);
			const last = page.at(-1);
			if (last === undefined || page.length < docsAPage) break;
			after = last.docId;
			const progress: Progress = { tenant, after };
			await docStore.setMarker(noteName, JSON.stringify(progress));
		}
		if (!isNewer) await removeStrangers(tenant);
	}

	/** Points of documents that are not published; every line that is has been seen to by now. */
	async function removeStrangers(tenant: string): Promise<void> {
		const { most = 0 } = (await tallies()).get(tenant) ?? {};
		if ((await count(tenant)) <= most) return;
		const strangers = new Set<string>();
		const seen = new Set<string>();
		const flush = async () => {
			await each([...strangers], (docId) => repairOne(tenant, docId));
			strangers.clear();
			seen.clear();
		};
		for await (const { docId } of vectorStore.scan(tenant)) {
			if (seen.has(docId)) continue;
			seen.add(docId);
			if (((await docStore.document(tenant, docId))?.published ?? null) === null) strangers.add(docId);
			if (seen.size >= 10_000) await flush();
		}
		await flush();
	}

	/** Begun again by a failure; after a crash the document's next change writes every point. */
	async function repairMarked(): Promise<void> {
		for (const [name, { tenant, docId }] of marked) {
			await repairOne(tenant, docId);
			marked.delete(name);
		}
	}

	async function check(): Promise<void> {
		state = state === 'unchecked' ? 'unchecked' : 'checking';
		isNewer = false;
		const note = await docStore.marker(noteName);
		const progress = note === null ? null : (JSON.parse(note) as Progress);
		let failed = await look(null);
		for (let round = 1; failed.size > 0 && round <= 3 && !isNewer; round += 1) {
			state = 'mending';
			suspects = failed.size;
			telemetry.set('docdrop_index_unsound_tenants', {}, suspects);
			const before = { ...sums };
			log.warn({ tenants: failed.size }, 'the index is not what the manifest says; it is mended');
			for (const tenant of failed) {
				await repairTenant(tenant, round === 1 && progress?.tenant === tenant ? progress.after : '');
				suspects -= 1;
			}
			const written = sums.written - before.written;
			const removed = sums.removed - before.removed;
			log.warn({ tenants: failed.size, written, removed }, 'the index was mended');
			failed = await look(failed);
		}
		suspects = failed.size;
		telemetry.set('docdrop_index_unsound_tenants', {}, suspects);
		await docStore.setMarker(noteName, null);
		checkedAt = new Date(now()).toISOString();
		state = isNewer ? 'newer' : suspects > 0 ? 'unsound' : 'sound';
		if (state === 'newer')
			log.error({}, 'the index holds what the document store has never seen; nothing of it was touched');
		else if (state === 'unsound') log.error({ tenants: suspects }, 'the index could not be mended');
	}

	async function loop(): Promise<void> {
		let previousMs = 0;
		let dueAt = clock.monotonic();
		while (!signal.aborted) {
			const asked = new Promise<void>((resolve) => (ask = resolve));
			if (!isAsked && marked.size === 0) {
				const waiting = new AbortController();
				const ms = Math.max(0, dueAt - clock.monotonic());
				const time = clock.sleep(ms, AbortSignal.any([signal, waiting.signal]));
				await Promise.race([asked, time.catch(() => {})]);
				waiting.abort();
			}
			if (signal.aborted) return;
			const isDue = isAsked || clock.monotonic() >= dueAt;
			isAsked = false;
			try {
				if (gap.to === 0) gap = { from: await docStore.highestTime(), to: now() };
				await repairMarked();
				if (isDue) {
					await check();
					dueAt = clock.monotonic() + deps.everyMs;
				}
				previousMs = 0;
			} catch (error) {
				if (signal.aborted) return;
				const next = decide(error, { documents: 1, attempts: 0, maxAttempts: 1, previousMs, random });
				previousMs = next.kind === 'hold' ? next.afterMs : 60_000;
				log.warn({ error, waitMs: previousMs }, 'the index could not be held against the manifest');
				isAsked ||= isDue;
				await clock.sleep(previousMs, signal).catch(() => {});
			}
		}
	}

	function request(): void {
		isAsked = true;
		ask();
	}
	void loop();
	return {
		request() {
			request();
			cancelLate();
			cancelLate = clock.after(deps.lateMs, request);
		},
		mend(tenant, docId) {
			marked.set(JSON.stringify([tenant, docId]), { tenant, docId });
			ask();
		},
		status: () => ({ state, checkedAt, tenants: suspects, ...sums }),
	};
}

async function firstOf(points: AsyncIterable<StoredPoint>): Promise<StoredPoint | undefined> {
	for await (const point of points) return point;
	return undefined;
}
