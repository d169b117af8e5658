import assert from 'node:assert/strict';
import type { EngineState } from '../../api/adapters/doc-store/engine-state.ts';
import {
	addMoveSource,
	freeMoveSources,
	giveUpMoveSources,
	withdrawMoveSources,
} from '../../api/adapters/doc-store/move-sources.ts';
import type { DocRow, Tables } from '../../api/adapters/doc-store/tables.ts';
import {
	deadLetterLeased,
	cancelWaiting,
	commitLeased,
	decideAccept,
	recordIntent,
	isClaimable,
	isPending,
	takeLease,
	type Arrival,
	type AcceptDecision,
	type DocState,
} from '../../api/domain/index.ts';
import { plan, type Plan } from '../../api/domain/chunk-plan.ts';
import { protocol } from '../../api/pipeline/publish/publish.ts';
import type { ManifestEntry } from '../../api/domain/manifest.ts';

/**
 * Moves, exhaustively: a file under two or three names, every order of arrival (late and doubled ones included),
 * every order of work on two documents at a time, dead letters, cancellations, and a crash between any two
 * effects. The decisions are the real ones, and so is what the store does to the documents that wait
 * (move-sources.ts); only the stores are sets. In every reachable state, once something of the file was published, a
 * reader finds a whole version of it under at least one of its names.
 */
interface Change {
	readonly seq: number;
	readonly at: number;
	/** Letters are chunks; null deletes; a `!` can never be published. */
	readonly letters: string | null;
	/** The name that it leaves. */
	readonly from?: number;
}

interface Doc {
	readonly state: DocState | null;
	readonly manifest: readonly ManifestEntry[];
	readonly orphans: readonly string[];
	readonly index: readonly string[];
}

interface Effect {
	readonly step: 'intent' | 'put' | 'remove' | 'commit';
	readonly points: readonly string[];
}

/** Work on one document: what is left of it to do. */
interface Work {
	readonly at: number;
	readonly token: number;
	readonly generation: number;
	readonly plan: Plan;
	readonly isPoison: boolean;
	readonly left: readonly Effect[];
}

interface World {
	readonly docs: readonly Doc[];
	readonly works: readonly Work[];
	readonly coming: readonly number[];
	/** Something of the file was published once. */
	readonly isKnown: boolean;
}

interface Options {
	readonly canCancel?: boolean;
	/** The file is deleted, or deliberately not taken: nobody has to find it. */
	readonly mayVanish?: boolean;
	/** For the test of this test: the deletion does not wait. */
	readonly isHasty?: boolean;
	readonly workers?: number;
}

const sorted = (ids: Iterable<string>) => [...new Set(ids)].sort();

function planOf(at: number, letters: string, before: Pick<Doc, 'manifest' | 'orphans'>): Plan {
	const chunks = Array.from(letters, (text) => ({
		hash: text.repeat(64),
		...{ text, heading: null, page: null, terms: text },
	}));
	return plan({ tenant: 't', docId: `doc${at}`, chunks, ...before, canKeep: true });
}
const idsOf = (at: number, letters: string) =>
	planOf(at, letters, { manifest: [], orphans: [] }).manifest.map(({ pointId }) => pointId);

function arrivalOf(seq: number, letters: string | null): Arrival {
	return {
		op: letters === null ? 'delete' : 'put',
		sha256: letters ?? '',
		meta: '',
		fingerprint: letters === null ? '' : 'f',
		jobId: `j${seq}`,
		...{ sourceId: 's', epoch: 'e', epochOrder: 1, seq, takeOver: false },
		...{ size: 1, priority: 1, windowMs: 0, maxWaitMs: 0 },
	};
}

/** A copy of the documents that the store's own code for moves works on. */
function open(docs: readonly Doc[]) {
	const states = docs.map(({ state }) => state);
	const rowOf = (key: number): DocRow => ({
		...{ key, tenant: 't', docId: `doc${key}`, body: null, lastJob: '', flightJob: null, error: null },
		state: states[key] as DocState,
	});
	const tables = {
		docByKey: rowOf,
		moveSourcesOf: (key: number) =>
			[...states.keys()].filter((one) => states[one]?.movedTo?.doc === key).map(rowOf),
		updateDoc({ key, state }: DocRow) {
			states[key] = { ...(states[key] as DocState), ...state };
		},
		job: () => undefined,
	} as unknown as Tables;
	const engine = {
		tables,
		leases: { byDoc: { get: (key: number) => states[key]?.lease ?? undefined } },
		transaction: { undoSteps: [] },
		counts: {},
		queues: { count: () => {} },
		progress: { count: () => {} },
		points: { move: () => {} },
	} as unknown as EngineState;
	return {
		states,
		rowOf,
		engine,
		close: () => docs.map((doc, at) => ({ ...doc, state: states[at] ?? null })),
	};
}

const hasFinished = (before: DocState | null | undefined, decision: AcceptDecision): boolean =>
	decision.kind === 'unchanged' && before != null && decision.state.generation > before.generation;

/** As the store's `accept` does it. */
function arrive(docs: readonly Doc[], { seq, at, letters, from }: Change, isHasty: boolean): Doc[] {
	const { states, rowOf, engine, close } = open(docs);
	const before = [states[at], from === undefined ? null : states[from]];
	const put = decideAccept(states[at] ?? null, arrivalOf(seq, letters), 0);
	const left = from === undefined ? null : decideAccept(states[from] ?? null, arrivalOf(seq, null), 0);
	if ('state' in put) states[at] = put.state;
	if (from !== undefined && left !== null && 'state' in left) {
		states[from] = left.state;
		if (!isHasty) addMoveSource(engine, rowOf(from), rowOf(at), 0, hasFinished(before[1], left));
	}
	if (hasFinished(before[0], put)) freeMoveSources(engine, at, states[at]?.generation ?? 0, 0);
	return close();
}

function* next(changes: readonly Change[], world: World, options: Options): Generator<World> {
	const { docs, works, coming } = world;
	const replace = (at: number, doc: Partial<Doc>) =>
		docs.map((one, index) => (index === at ? { ...one, ...doc } : one));
	for (const [place, number] of coming.entries()) {
		if (coming.indexOf(number) !== place) continue;
		const rest = coming.filter((_, index) => index !== place);
		const after = arrive(docs, changes[number] as Change, options.isHasty === true);
		yield { ...world, docs: after, coming: rest };
	}
	for (const [at, { state, ...doc }] of docs.entries()) {
		if (state === null) continue;
		if (works.length < (options.workers ?? 2) && isClaimable(state, 0)) {
			const leased = takeLease(state, 1, Infinity).state;
			const { op = 'delete', sha256 = '' } = leased.lease?.content ?? {};
			const planned = planOf(at, op === 'put' ? sha256 : '', doc);
			const left = protocol.flatMap((step): Effect[] => {
				if (step === 'put') return planned.added.map(({ pointId }) => ({ step, points: [pointId] }));
				if (step === 'remove') return planned.gone.map((point) => ({ step, points: [point] }));
				return [{ step, points: [] }];
			});
			const isPoison = op === 'put' && sha256.includes('!');
			const work = { at, token: 1, generation: state.generation, plan: planned, isPoison, left };
			yield { ...world, docs: replace(at, { state: leased }), works: [...works, work] };
		}
		if (options.canCancel === true) {
			const own = open(docs);
			const canceled = cancelWaiting(state, state.wanted.jobId);
			if (canceled !== null && withdrawMoveSources(own.engine, at, 0)) {
				own.states[at] = canceled;
				yield { ...world, docs: own.close() };
			}
		}
	}
	for (const [place, work] of works.entries()) {
		const { at } = work;
		const { state, manifest, orphans, index } = docs[at] as Doc;
		if (state === null) throw new Error('work on no document');
		const others = works.filter((_, number) => number !== place);
		const settle = (after: DocState, doc: Partial<Doc>) => {
			const own = open(replace(at, { ...doc, state: after }));
			if (after.failed) giveUpMoveSources(own.engine, at, 0);
			else freeMoveSources(own.engine, at, work.generation, 0);
			return {
				...world,
				docs: own.close(),
				works: others,
				isKnown: world.isKnown || after.published !== null,
			};
		};
		if (work.isPoison) {
			const given = deadLetterLeased(state);
			// An older one is given up as well, which ends nobody's wait.
			if (given.failed) yield settle(given, {});
			else yield { ...world, docs: replace(at, { state: given }), works: others };
			continue;
		}
		const [effect, ...left] = work.left;
		const go = (doc: Partial<Doc>) => ({
			...world,
			docs: replace(at, doc),
			works: works.map((one) => (one === work ? { ...work, left } : one)),
		});
		if (effect?.step === 'intent') {
			const uncertain = new Set(work.plan.uncertain);
			const fresh = work.plan.added.map(({ pointId }) => pointId);
			yield go({
				state: recordIntent(state),
				manifest: manifest.filter((line) => !uncertain.has(line.pointId)),
				orphans: sorted([...orphans, ...uncertain, ...fresh]),
			});
		} else if (effect?.step === 'put') yield go({ index: sorted([...index, ...effect.points]) });
		else if (effect?.step === 'remove')
			yield go({ index: index.filter((id) => !effect.points.includes(id)) });
		else {
			const { manifest: lines } = work.plan;
			yield settle(commitLeased(state, lines.length, 0), { manifest: lines, orphans: [] });
		}
	}
	// What memory held is gone, leases with it.
	if (works.length > 0) {
		const crashed = docs.map((doc) => ({
			...doc,
			state: doc.state === null ? null : { ...doc.state, lease: null },
		}));
		yield { ...world, docs: crashed, works: [] };
	}
}

function faultOf(changes: readonly Change[], world: World, options: Options): string | null {
	const { docs, works, coming } = world;
	for (const [at, { state, manifest, orphans, index }] of docs.entries()) {
		const may = new Set([...manifest.map(({ pointId }) => pointId), ...orphans]);
		if (index.some((id) => !may.has(id))) return 'leak: the index holds a point that nobody knows of';
		if (manifest.some(({ pointId }) => !index.includes(pointId)))
			return 'hole: the manifest counts on nothing';
		if (state?.movedTo == null) continue;
		const to = docs[state.movedTo.doc]?.state ?? null;
		if (state.wanted.op !== 'delete') return 'wait: a document that is wanted waits for its successor';
		if (state.movedTo.doc === at || to === null || to.movedTo !== null) return 'wait: in a chain or a circle';
		if (!isPending(to) && !to.failed) return 'wait: for something that is over';
		if (to.generation < state.movedTo.generation) return 'wait: for a generation that never was';
	}
	const isFound = changes.some(
		({ at, letters }) =>
			letters !== null && idsOf(at, letters).every((id) => docs[at]?.index.includes(id) === true),
	);
	if (world.isKnown && options.mayVanish !== true && !isFound) return 'gap: a reader finds the file nowhere';
	const isBusy =
		works.length + coming.length > 0 || docs.some(({ state }) => state !== null && isPending(state));
	if (isBusy || options.canCancel === true || docs.some(({ state }) => state?.failed)) return null;
	for (const [at, { index, orphans }] of docs.entries()) {
		const own = changes.filter((one) => one.at === at || one.from === at);
		const newest = own.toSorted((a, b) => b.seq - a.seq)[0];
		const letters = newest?.at === at ? (newest.letters ?? '') : '';
		if (JSON.stringify(index) !== JSON.stringify(sorted(idsOf(at, letters))))
			return `wrong: doc${at} does not hold its newest version`;
		if (orphans.length > 0) return 'wrong: orphans are left behind';
	}
	return null;
}

/** Visits every reachable state once; how many there are. */
function explore(changes: readonly Change[], coming: readonly number[], options: Options = {}): number {
	const names = 1 + Math.max(...changes.flatMap(({ at, from = 0 }) => [at, from]));
	const empty: Doc = { state: null, manifest: [], orphans: [], index: [] };
	const start: World = {
		docs: Array.from({ length: names }, () => empty),
		works: [],
		coming,
		isKnown: false,
	};
	// A document's plan follows from what it holds: names stand for the parts of a world, so that they take little room.
	const numbers = new Map<string, number>();
	const numberOf = (part: unknown) => {
		const text = JSON.stringify(part);
		const number = numbers.get(text) ?? numbers.size;
		numbers.set(text, number);
		return number;
	};
	const keyOf = ({ docs, works, coming: left, isKnown }: World) =>
		[...docs.map(numberOf), '/', ...works.map(numberOf).sort(), '/', ...left, isKnown].join(' ');
	const seen = new Set([keyOf(start)]);
	const waiting: World[] = [start];
	for (let world = waiting.pop(); world !== undefined; world = waiting.pop()) {
		let canMove = false;
		for (const after of next(changes, world, options)) {
			canMove = true;
			const key = keyOf(after);
			if (seen.has(key)) continue;
			seen.add(key);
			const fault = faultOf(changes, after, options);
			if (fault !== null) throw new assert.AssertionError({ message: fault });
			waiting.push(after);
		}
		if (!canMove && world.docs.some(({ state }) => state !== null && isPending(state)))
			throw new assert.AssertionError({ message: 'stuck: work is left and nothing can move' });
	}
	return seen.size;
}

describe('moves, exhaustively', function () {
	this.timeout(120_000);
	const [a, b, c] = [0, 1, 2];
	const first: Change = { seq: 1, at: a, letters: 'xy' };

	it('a to b, doubled, in every order', () => {
		const moved: Change = { seq: 2, at: b, letters: 'xy', from: a };
		assert.ok(explore([first, moved], [0, 0, 1, 1]) > 500);
	});

	it('a to b with an edit, and edited again', () => {
		const moved: Change = { seq: 2, at: b, letters: 'xz', from: a };
		const edited: Change = { seq: 3, at: b, letters: 'w', from: a };
		const later: Change = { seq: 3, at: b, letters: 'w' };
		assert.ok(explore([first, moved, later], [0, 1, 2]) > 500);
		assert.ok(explore([first, moved, edited], [0, 1, 2]) > 500);
	});

	it('a to b to c', () => {
		const changes = [
			first,
			{ seq: 2, at: b, letters: 'xy', from: a },
			{ seq: 3, at: c, letters: 'xy', from: b },
		];
		assert.ok(explore(changes, [0, 1, 2]) > 1_000);
	});

	it('a to b and back to a', () => {
		const changes = [
			first,
			{ seq: 2, at: b, letters: 'xy', from: a },
			{ seq: 3, at: a, letters: 'xz', from: b },
		];
		assert.ok(explore(changes, [0, 1, 2]) > 1_000);
	});

	it('a to b, and a name that is used again', () => {
		const changes = [first, { seq: 2, at: b, letters: 'xy', from: a }, { seq: 3, at: a, letters: 'v' }];
		assert.ok(explore(changes, [0, 1, 2]) > 1_000);
	});

	it('onto a document that is there', () => {
		const changes = [first, { seq: 2, at: b, letters: 'v' }, { seq: 3, at: b, letters: 'xy', from: a }];
		assert.ok(explore(changes, [0, 1, 2]) > 1_000);
	});

	it('a to b, and deleted: nothing waits for ever', () => {
		const changes = [first, { seq: 2, at: b, letters: 'xy', from: a }, { seq: 3, at: b, letters: null }];
		assert.ok(explore(changes, [0, 1, 2], { mayVanish: true }) > 1_000);
	});

	it('a to b to a, and both deleted', () => {
		const changes = [
			{ seq: 1, at: b, letters: 'x' },
			{ seq: 2, at: a, letters: 'x', from: b },
			{ seq: 3, at: b, letters: 'x', from: a },
			{ seq: 4, at: b, letters: null },
		];
		assert.ok(explore(changes, [0, 1, 2, 3], { mayVanish: true, workers: 1 }) > 1_000);
	});

	it('to a name where it can never be published: it stays under the old one until it can', () => {
		const poison: Change = { seq: 2, at: b, letters: '!', from: a };
		assert.ok(explore([first, poison], [0, 1]) > 50);
		const mended: Change = { seq: 3, at: b, letters: 'z' };
		assert.ok(explore([first, poison, mended], [0, 1, 2]) > 500);
		const on: Change = { seq: 3, at: c, letters: 'z', from: b };
		assert.ok(explore([first, poison, on], [0, 1, 2]) > 500);
	});

	it('with cancellations at any time', () => {
		const moved: Change = { seq: 2, at: b, letters: 'xz', from: a };
		assert.ok(explore([first, moved], [0, 1], { canCancel: true }) > 200);
		const on: Change = { seq: 3, at: c, letters: 'x', from: b };
		// Canceled at c before the late word comes that a was left, the content is wanted nowhere.
		const options = { canCancel: true, mayVanish: true, workers: 1 };
		assert.ok(explore([first, moved, on], [0, 1, 2], options) > 1_000);
	});

	it('finds the gap where the deletion does not wait', () => {
		const moved: Change = { seq: 2, at: b, letters: 'xy', from: a };
		assert.throws(() => explore([first, moved], [0, 1], { isHasty: true }), /gap/);
	});
});
