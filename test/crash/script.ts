import type { Random } from './random.ts';
import { edited, manySections, newSections, type Sections } from './text.ts';

/**
 * What a run sends: changes of a dozen or some 40 documents of a few tenants, in parts, one part for each life of the
 * process. Pure: the same random numbers give the same script.
 *
 * Half of the tenants' documents belong to a source that numbers its changes (epoch, seq); those may be sent
 * late, doubled and in any order. The others have no source and count by arrival.
 */
export interface Version {
	readonly text: string;
	readonly mimeType: string;
	readonly title: string | null;
	readonly path: string | null;
	readonly metadata: Readonly<Record<string, unknown>>;
}

export interface Change {
	readonly tenant: string;
	readonly docId: string;
	/** Place among the changes of its document: the highest one is the newest, whenever it arrives. */
	readonly order: number;
	readonly source: { readonly sourceId: string; readonly epoch: string; readonly seq: number } | null;
	/** An epoch of the source that the API must have seen before: epochs rank as they are first seen. */
	readonly after: string | null;
	/** Null deletes. */
	readonly version: Version | null;
	/** Of a move: the deletion of the old name, which travels with this change and has a receipt of its own. */
	readonly leaves: Change | null;
}

export interface Sending {
	readonly way: 'publish' | 'batch' | 'stream';
	readonly coalesced: boolean;
	/** One, unless it is a batch. */
	readonly changes: readonly Change[];
}

export type Script = readonly (readonly Sending[])[];

export const keyOf = ({ tenant, docId }: { readonly tenant: string; readonly docId: string }): string =>
	`${tenant}/${docId}`;
export const epochKey = (sourceId: string, epoch: string): string => `${sourceId}/${epoch}`;

interface Doc {
	readonly tenant: string;
	readonly docId: string;
	readonly format: 'md' | 'txt';
	readonly isSourced: boolean;
	readonly history: { readonly sections: Sections; readonly version: Version }[];
	now: { readonly sections: Sections; readonly version: Version } | null;
	/** Changes so far. */
	count: number;
}

const tenantNames = ['acme', 'birch', 'cedar', 'delta', 'elm'] as const;
const names = ['author', 'lang', 'stage', 'tags', 'team', 'due'] as const;
const largeBytes = 65_536;

export function writeScript(random: Random, parts: number, changesPerPart: number): Script {
	const tenants = tenantNames.slice(0, random.int(3, tenantNames.length));
	const count = random.pick([12, 40]);
	const docs = tenants.flatMap((tenant) => makeDocs(random, tenant, Math.round(count / tenants.length)));
	const sources = new Map(tenants.map((tenant) => [tenant as string, { epoch: 1, seq: 0 }]));
	// A source that loses its state begins a new epoch, and its numbers begin again. Not in the first part: the
	// old epoch must have been seen first, or it would rank above the new one.
	const loser = random.chance(0.3) ? random.pick(tenants) : null;
	const losesAt = random.int(changesPerPart, parts * changesPerPart);
	const seenFirst = new Set<string>();

	const touched: Doc[] = [];
	const planned: { readonly change: Change; readonly at: number }[] = [];
	for (let number = 0; number < parts * changesPerPart; number += 1) {
		if (number === losesAt && loser !== null && seenFirst.has(loser))
			sources.set(loser, { epoch: 2, seq: 0 });
		// Many are changed again while the last change is on its way: a kill then cuts off what nobody wants any more.
		const again = random.chance(0.4) ? touched[number - random.int(2, 15)] : undefined;
		const doc = again ?? random.pick(docs);
		touched.push(doc);
		const target = random.chance(0.14) ? targetOf(random, doc, docs) : null;
		const change = target === null ? nextChange(random, doc, sources) : move(random, doc, target, sources);
		if (target !== null) touched.push(target);
		const isLate = change.source !== null && random.chance(0.07);
		planned.push({ change, at: number + (isLate ? random.int(1, 40) : 0) });
		if (!isLate && number < changesPerPart) seenFirst.add(change.tenant);
		if (change.source !== null && random.chance(0.08))
			planned.push({ change, at: number + random.int(0, 60) });
	}
	const inOrder = planned.toSorted((a, b) => a.at - b.at);
	return Array.from({ length: parts }, (_, part) => {
		const isLast = part === parts - 1;
		const own = inOrder.filter(
			({ at }) => at >= part * changesPerPart && (isLast || at < (part + 1) * changesPerPart),
		);
		return group(
			random,
			own.map(({ change }) => change),
		);
	});
}

function makeDocs(random: Random, tenant: string, count: number): Doc[] {
	const isSourced = random.chance(0.75);
	return Array.from({ length: count }, (_, number): Doc => {
		const format = random.chance(0.7) ? 'md' : 'txt';
		// The same ids in every tenant: what belongs to one must not reach another.
		const docId = number % 5 === 4 ? `Büro/notes ${number}.${format}` : `notes/${number}.${format}`;
		return { tenant, docId, format, isSourced, history: [], now: null, count: 0 };
	});
}

function nextChange(
	random: Random,
	doc: Doc,
	sources: Map<string, { readonly epoch: number; seq: number }>,
): Change {
	become(doc, nextState(random, doc));
	const source = sources.get(doc.tenant);
	if (source !== undefined) source.seq += 1;
	return told(doc, source);
}

function become(doc: Doc, state: Doc['now']): void {
	doc.now = state;
	if (state !== null) doc.history.push(state);
	doc.count += 1;
}

/** Another name that the document can get: of its own source, or, without one, of any tenant; it may be in use. */
function targetOf(random: Random, doc: Doc, docs: readonly Doc[]): Doc | null {
	if (doc.now === null) return null;
	const others = docs.filter(
		(one) => one !== doc && (one.tenant === doc.tenant || (!one.isSourced && !doc.isSourced)),
	);
	return others.length === 0 ? null : random.pick(others);
}

/** The document goes to the target's name, sometimes edited on the way. */
function move(random: Random, doc: Doc, target: Doc, sources: Parameters<typeof nextChange>[2]): Change {
	const { now, format } = doc;
	if (now === null) throw new Error('nothing to move');
	const sections = random.chance(0.3) ? edited(random, format, now.sections) : now.sections;
	become(target, { sections, version: { ...now.version, text: sections.join('\n\n') } });
	become(doc, null);
	const source = sources.get(doc.tenant);
	if (source !== undefined) source.seq += 1;
	return { ...told(target, source), leaves: told(doc, source) };
}

/** The document's present state, under its source's present number. */
function told(doc: Doc, source: { readonly epoch: number; readonly seq: number } | undefined): Change {
	const common = { tenant: doc.tenant, docId: doc.docId, version: doc.now?.version ?? null, leaves: null };
	if (!doc.isSourced || source === undefined)
		return { ...common, order: doc.count, source: null, after: null };
	const { epoch, seq } = source;
	const sourceId = `folder-of-${doc.tenant}`;
	return {
		...common,
		order: epoch * 2 ** 32 + seq,
		source: { sourceId, epoch: `e${epoch}`, seq },
		after: epoch === 1 ? null : epochKey(sourceId, `e${epoch - 1}`),
	};
}

function nextState(random: Random, doc: Doc): Doc['now'] {
	const { now, history, format } = doc;
	const make = (sections: Sections, from: Version | null): Doc['now'] => ({
		sections,
		version: {
			title: null,
			path: null,
			metadata: {},
			...from,
			text: sections.join('\n\n'),
			mimeType: format === 'md' ? 'text/markdown' : 'text/plain',
		},
	});
	const dice = random.next();
	if (now === null) {
		if (dice < 0.06) return null;
		if (dice < 0.4 && history.length > 0) return random.pick(history);
		return make(newSections(random, format), null);
	}
	if (dice < 0.45) return make(edited(random, format, now.sections), now.version);
	// Going back to the last but one, or further.
	if (dice < 0.63) return (random.chance(0.6) ? history.at(-2) : undefined) ?? random.pick(history);
	if (dice < 0.78)
		return { sections: now.sections, version: { ...now.version, ...newFields(random, now.version) } };
	if (dice < 0.92) return null;
	if (dice < 0.95) return now;
	if (dice < 0.965) return make([], now.version);
	const bytes = largeBytes + (random.chance(0.2) ? 150_000 : random.int(1, 20_000));
	return dice < 0.98
		? make(manySections(random, format, bytes), now.version)
		: make(newSections(random, format), now.version);
}

/** Names come, change and go. */
function newFields(random: Random, { metadata }: Version): Pick<Version, 'title' | 'path' | 'metadata'> {
	const kept = Object.entries(metadata).filter(() => random.chance(0.6));
	const added = names
		.filter(() => random.chance(0.3))
		.map((name): [string, unknown] => [
			name,
			random.pick([`v${random.int(1, 9)}`, random.int(0, 99), ['x', 'y'], { deep: true }]),
		]);
	return {
		title: random.chance(0.5) ? `Title ${random.int(1, 99)}` : null,
		path: random.chance(0.5) ? `/shelf/${random.int(1, 99)}` : null,
		metadata: Object.fromEntries([...kept, ...added]),
	};
}

function group(random: Random, changes: readonly Change[]): Sending[] {
	const sendings: Sending[] = [];
	for (let at = 0; at < changes.length;) {
		const [first] = changes.slice(at, at + 1);
		const isLarge = (first?.version?.text.length ?? 0) > largeBytes;
		const way =
			isLarge && random.chance(0.5)
				? ('stream' as const)
				: random.chance(0.5)
					? ('publish' as const)
					: ('batch' as const);
		const count = way === 'batch' ? random.int(2, 8) : 1;
		sendings.push({ way, coalesced: random.chance(0.5), changes: changes.slice(at, at + count) });
		at += count;
	}
	return sendings;
}
