import assert from 'node:assert/strict';
import {
	commitLeased,
	decideAccept,
	recordIntent,
	isClaimable,
	isPending,
	takeLease,
	type Arrival,
	type DocState,
} from '../../api/domain/index.ts';
import { plan, type Plan } from '../../api/domain/chunk-plan.ts';
import { protocol, type ProtocolStep } from '../../api/pipeline/publish/publish.ts';
import type { Chunk } from '../../api/ports/extractor.ts';
import type { ManifestEntry } from '../../api/domain/manifest.ts';

/**
 * The publish protocol, exhaustively: two documents, three versions of each, or one that two sources take from each
 * other, every order of arrival (late and doubled ones included), every choice of what is worked on together, and a crash between any two effects,
 * as often as it likes, a half-applied bulk write included. The moves are the real decision functions; only
 * the two stores are sets. Every reachable state is visited once and must hold the invariants.
 */
const chunkOf = (letter: string): Chunk => ({
	hash: letter.repeat(64),
	text: letter,
	heading: null,
	page: null,
	terms: letter,
});

/** A version of a document, as its source tells it; null deletes. Letters are chunks. */
interface Version {
	readonly source: string;
	readonly seq: number;
	readonly letters: string | null;
}
type Versions = readonly Version[];
const by = (source: string, ...all: readonly (string | null)[]): Versions =>
	all.map((letters, place) => ({ source, seq: place + 1, letters }));

interface Doc {
	readonly number: number;
	readonly state: DocState | null;
	/** What the store durably counts on. */
	readonly manifest: readonly ManifestEntry[];
	/** Ids that may be in the index beyond the manifest, as the store durably knows. */
	readonly orphans: readonly string[];
	/** Ids of its points in the index. */
	readonly index: readonly string[];
	/** Versions (by place, from 1) that may still arrive. */
	readonly coming: readonly number[];
	/** What the model takes for the newest version, and how far it takes each source to have come. */
	readonly newest: Version | null;
	readonly told: Readonly<Record<string, number>>;
}

/** One effect of a bulk write; a request to the index falls into single points, because it may be applied in part. */
type Effect =
	| { readonly step: 'intent' | 'commit'; readonly plan: Plan }
	| { readonly step: 'put' | 'remove'; readonly point: string };

const sorted = (ids: Iterable<string>) => [...new Set(ids)].sort();

function planOf(number: number, letters: string, before: Pick<Doc, 'manifest' | 'orphans'>): Plan {
	const chunks = Array.from(letters, chunkOf);
	return plan({ tenant: 't', docId: `doc${number}`, chunks, ...before, canKeep: true });
}

function arrivalOf({ source, seq, letters: content }: Version): Arrival {
	return {
		op: content === null ? 'delete' : 'put',
		sha256: content ?? '',
		meta: '',
		fingerprint: content === null ? '' : 'f',
		jobId: `${source}${seq}`,
		sourceId: source,
		epoch: 'e',
		epochOrder: 1,
		seq,
		takeOver: true,
		size: 1,
		priority: 1,
		windowMs: 0,
		maxWaitMs: 0,
	};
}

/** The model: what a source told before the last that was taken of it is late; else what arrives is the newest. */
function taken({ newest, told }: Doc, version: Version): Pick<Doc, 'newest' | 'told'> {
	const { source, seq } = version;
	return seq <= (told[source] ?? 0)
		? { newest, told }
		: { newest: version, told: { ...told, [source]: seq } };
}

function apply(doc: Doc, effect: Effect): Doc {
	if (doc.state === null) throw new Error('an effect on no document');
	switch (effect.step) {
		case 'intent': {
			const uncertain = new Set(effect.plan.uncertain);
			const fresh = effect.plan.added.map((chunk) => chunk.pointId);
			return {
				...doc,
				state: recordIntent(doc.state),
				manifest: doc.manifest.filter((line) => !uncertain.has(line.pointId)),
				orphans: sorted([...doc.orphans, ...uncertain, ...fresh]),
			};
		}
		case 'put':
			return { ...doc, index: sorted([...doc.index, effect.point]) };
		case 'remove':
			return { ...doc, index: doc.index.filter((id) => id !== effect.point) };
		case 'commit':
			return {
				...doc,
				state: commitLeased(doc.state, effect.plan.manifest.length, 0),
				manifest: effect.plan.manifest,
				orphans: [],
			};
	}
}

/**
 * Walks one set-up. Documents are numbered by value and every move of one document is computed once; a world
 * is a few numbers, so that millions of them fit into seconds.
 */
function explore(
	all: readonly Versions[],
	comings: readonly (readonly number[])[],
	steps: readonly ProtocolStep[],
): number {
	const docs: Doc[] = [];
	const numbers = new Map<string, number>();
	const numberOf = (doc: Doc): number => {
		const key = JSON.stringify(doc);
		let number = numbers.get(key);
		if (number === undefined) {
			number = docs.push(doc) - 1;
			numbers.set(key, number);
		}
		return number;
	};
	const at = (number: number): Doc => docs[number] as Doc;
	function memo<T>(move: (doc: Doc) => T): (number: number) => T {
		const known: T[] = [];
		return (number) => (known[number] ??= move(at(number)));
	}

	const arrivals = memo((doc) =>
		doc.coming.map((seq, place) => {
			const coming = doc.coming.filter((_, index) => index !== place);
			const version = all[doc.number]?.[seq - 1];
			if (version === undefined) throw new Error('no such version');
			const decision = decideAccept(doc.state, arrivalOf(version), 0);
			const state = 'state' in decision ? decision.state : doc.state;
			return numberOf({ ...doc, coming, state, ...taken(doc, version) });
		}),
	);
	// What memory held is gone, leases with it; what is on disk stays.
	const crashed = memo((doc) =>
		numberOf({ ...doc, state: doc.state === null ? null : { ...doc.state, lease: null } }),
	);
	const claimed = memo((doc) => {
		if (doc.state === null || !isClaimable(doc.state, 0)) return null;
		const state = takeLease(doc.state, 1, Infinity).state;
		const { op = 'delete', sha256 = '' } = state.lease?.content ?? {};
		const planned = planOf(doc.number, op === 'put' ? sha256 : '', doc);
		const effects = steps.map((step): Effect[] => {
			if (step === 'put') return planned.added.map(({ pointId }) => ({ step, point: pointId }));
			if (step === 'remove') return planned.gone.map((point) => ({ step, point }));
			return [{ step, plan: planned }];
		});
		return { doc: numberOf({ ...doc, state }), effects };
	});
	const applied = new Map<string, number>();

	/** What is wrong with a document, or null. */
	const idle = memo((doc) => fault(doc, true) ?? '');
	const busy = memo((doc) => fault(doc, false) ?? '');
	function fault(doc: Doc, isWorkOver: boolean): string | null {
		const { state, manifest, orphans, index, number } = doc;
		const may = new Set([...manifest.map((line) => line.pointId), ...orphans]);
		const versions = (all[number] ?? []).map(({ letters }) => letters);
		const ids = (letters: string) =>
			planOf(number, letters, { manifest: [], orphans: [] }).manifest.map((line) => line.pointId);
		if (index.some((id) => !may.has(id))) return 'leak: the index holds a point that nobody knows of';
		if (manifest.some((line) => !index.includes(line.pointId)))
			return 'hole: the manifest counts on a point that is gone';
		const isWhole = versions.some(
			(letters) => letters !== null && ids(letters).every((id) => index.includes(id)),
		);
		if (state?.published != null && !versions.includes(null) && !isWhole)
			return 'gap: a reader finds no whole version';
		if (!isWorkOver || doc.coming.length > 0 || (state !== null && isPending(state))) return null;
		const newest = doc.newest?.letters ?? null;
		const wanted = JSON.stringify(newest === null ? [] : sorted(ids(newest)));
		if (JSON.stringify(sorted(index)) !== wanted) return 'wrong: the index does not hold the newest version';
		if (JSON.stringify(sorted(manifest.map((line) => line.pointId))) !== wanted)
			return 'wrong: the manifest lies';
		return orphans.length > 0 ? 'wrong: orphans are left behind' : null;
	}

	/** Bulk writes under way, by value: for each of their documents the effects, and the order they come in. */
	type Work = { readonly place: number; readonly effect: Effect }[];
	const works: Work[] = [];
	const workNumbers = new Map<string, number>();
	const workOf = (
		items: readonly { readonly place: number; readonly effects: readonly Effect[][] }[],
	): number => {
		const work = steps.flatMap((_, step) =>
			items.flatMap(({ place, effects }) => (effects[step] ?? []).map((effect) => ({ place, effect }))),
		);
		const key = JSON.stringify(work);
		const known = workNumbers.get(key) ?? works.push(work) - 1;
		workNumbers.set(key, known);
		return known;
	};

	/** A world: the documents' numbers, the number of the work under way (-1: none), effects done. */
	type World = readonly [docs: readonly number[], work: number, done: number];
	function* nextWorlds([now, work, done]: World): Generator<World> {
		const put = (place: number, number: number) => now.map((old, index) => (index === place ? number : old));
		for (const [place, number] of now.entries()) {
			for (const next of arrivals(number)) yield [put(place, next), work, done];
		}
		if (work >= 0) {
			const next = works[work]?.[done];
			if (next === undefined) yield [now, -1, 0];
			else {
				const number = now[next.place] as number;
				const key = `${number}/${work}/${done}`;
				const after = applied.get(key) ?? numberOf(apply(at(number), next.effect));
				applied.set(key, after);
				yield [put(next.place, after), work, done + 1];
			}
			yield [now.map(crashed), -1, 0];
			return;
		}
		const ready = now.flatMap((number, place) => (claimed(number) === null ? [] : [place]));
		for (let subset = 1; subset < 2 ** ready.length; subset += 1) {
			const chosen = ready.filter((_, bit) => (subset & (1 << bit)) !== 0);
			const items = chosen.map((place) => ({
				place,
				...(claimed(now[place] as number) as { doc: number; effects: Effect[][] }),
			}));
			const leased = now.map((number, place) => items.find((item) => item.place === place)?.doc ?? number);
			yield [leased, workOf(items), 0];
		}
	}

	const start: World = [
		comings.map((coming, number) =>
			numberOf({
				...{ number, state: null, manifest: [], orphans: [], index: [], coming },
				...{ newest: null, told: {} },
			}),
		),
		-1,
		0,
	];
	const seen = new Set([start.join('/')]);
	const open: World[] = [start];
	for (let world = open.pop(); world !== undefined; world = open.pop()) {
		let moves = 0;
		for (const after of nextWorlds(world)) {
			moves += 1;
			const key = after.join('/');
			if (seen.has(key)) continue;
			seen.add(key);
			const wrong = after[0].map(after[1] < 0 ? idle : busy).find((found) => found !== '');
			if (wrong !== undefined) throw new assert.AssertionError({ message: wrong });
			open.push(after);
		}
		const isLeft = world[0].some(
			(number) => at(number).state !== null && isPending(at(number).state as DocState),
		);
		if (moves === 0 && isLeft)
			throw new assert.AssertionError({ message: 'stuck: work is left and nothing can move' });
	}
	return seen.size;
}

describe('publish protocol', function () {
	this.timeout(120_000);
	const edits = by('s', 'ab', 'bc', 'd');
	const back = by('s', 'x', 'xy', 'x');
	const gone = by('s', 'ab', null, 'bc');
	const deleted = by('s', 'ab', 'bc', null);

	it('one document, every version twice, in every order, with any number of crashes', () => {
		for (const versions of [edits, back, gone, deleted]) {
			assert.ok(explore([versions], [[1, 1, 2, 2, 3, 3]], protocol) > 1_000);
		}
	});

	it('one document that two sources take from each other and delete, in every order, late copies included', () => {
		const two = [...by('folder', 'ab', null), ...by('other', 'bc', null)];
		assert.ok(explore([two], [[1, 1, 2, 3, 3, 4]], protocol) > 1_000);
	});

	it('two documents of three versions each, in every order, together and alone, with any number of crashes', () => {
		assert.ok(
			explore(
				[edits, gone],
				[
					[1, 2, 3],
					[1, 2, 3],
				],
				protocol,
			) > 100_000,
		);
	});

	it('finds the fault when a step is missing or out of order', () => {
		const without = (step: ProtocolStep) => protocol.filter((one) => one !== step);
		const run = (steps: readonly ProtocolStep[]) => () => explore([edits], [[1, 2, 3]], steps);
		assert.throws(run(without('intent')), /leak|hole/);
		assert.throws(run(without('put')), /hole|wrong|gap/);
		assert.throws(run(without('remove')), /leak|wrong/);
		assert.throws(run(['intent', 'remove', 'put', 'commit']), /gap/);
		assert.throws(run(['intent', 'put', 'commit', 'remove']), /leak|wrong/);
		assert.throws(run(['put', 'intent', 'remove', 'commit']), /leak/);
	});
});
