import type { Change, Version } from '../../crash/script.ts';
import { refusedByEmbedder, refusedByIndex } from './ports.ts';

/**
 * What every run sends, in stages: creations, edits, patches, moves, deletions, a duplicate, a document that returns, one that
 * is too large for memory, and two that the embedder or the index refuses for good. The same names in both tenants,
 * and some of the same texts; `acme` numbers its changes, `birch` counts by arrival.
 */
export interface Step {
	/** `patch`: of each change its metadata alone; the rest is what the document has. */
	readonly way: 'batch' | 'stream' | 'patch';
	/** In one request. */
	readonly changes: readonly Change[];
}

/** Lines are sent at the same time, the steps of a line one after the other. */
export type Stage = readonly (readonly Step[])[];

export interface Load {
	readonly stages: readonly Stage[];
	/** Change every document that is left, and mend the refused ones. */
	readonly last: Stage;
	/** Changes that must end as failed. */
	readonly poison: ReadonlySet<Change>;
}

const section = (name: string, more = '') =>
	`## ${name}\n\nAbout ${name} and what belongs to it. ${more}`.trim();
const sections = (...names: readonly string[]) => names.map((name) => section(name)).join('\n\n');

/** Blank lines make a content large, and cost nothing to publish. */
const blank = (bytes: number) => `${' '.repeat(999)}\n`.repeat(bytes / 1_000);
const inFile = blank(70_000);
const large = blank(4_300_000);
/** More than one slice of points; a chunk a paragraph. */
const paragraphs = (from: number, to: number) =>
	Array.from({ length: to - from }, (_, at) =>
		`Paragraph ${from + at} of the large one. ${'It goes on for a while. '.repeat(8)}`.trim(),
	).join('\n\n');

export const tenants = ['acme', 'birch'] as const;

export function writeLoad(): Load {
	const counts = new Map<string, number>();
	let seq = 0;
	const poison = new Set<Change>();

	function change(tenant: string, docId: string, version: Partial<Version> | null): Change {
		const key = `${tenant}/${docId}`;
		const place = (counts.get(key) ?? 0) + 1;
		counts.set(key, place);
		const isText = docId.endsWith('.txt');
		const whole: Version | null = version && {
			text: '',
			mimeType: isText ? 'text/plain' : 'text/markdown',
			title: null,
			path: null,
			metadata: {},
			...version,
		};
		const common = { tenant, docId, after: null, leaves: null, version: whole };
		if (tenant !== 'acme') return { ...common, order: place, source: null };
		seq += 1;
		return { ...common, order: 2 ** 32 + seq, source: { sourceId: 'folder', epoch: 'e1', seq } };
	}
	const put = (tenant: string, docId: string, text: string, metadata = {}) =>
		change(tenant, docId, { text, metadata });
	/** Both of a move have one number. */
	function move(tenant: string, from: string, to: string, text: string): Change {
		const arriving = put(tenant, to, text);
		const leaving = change(tenant, from, null);
		return {
			...arriving,
			leaves: {
				...leaving,
				order: tenant === 'acme' ? arriving.order : leaving.order,
				source: arriving.source,
			},
		};
	}
	const refused = (tenant: string, docId: string, text: string) => {
		const made = put(tenant, docId, text);
		poison.add(made);
		return made;
	};
	const batch = (...changes: readonly Change[]): Step => ({ way: 'batch', changes });
	const stream = (one: Change): Step => ({ way: 'stream', changes: [one] });
	const patch = (...changes: readonly Change[]): Step => ({ way: 'patch', changes });

	const first: Stage = [
		[
			batch(
				put('acme', 'a.md', sections('one', 'two', 'three')),
				put('acme', 'b.md', sections('left', 'right')),
				put('acme', 'c.md', sections('four', 'five', 'four')),
				put('acme', 'gone.md', sections('short', 'lived')),
				put('acme', 'e.md', sections('early')),
				put('acme', 'i.md', sections('inner', 'outer')),
			),
		],
		[
			batch(
				put('birch', 'a.md', sections('one', 'two', 'three')),
				put('birch', 'big.md', inFile + sections('wide', 'tall')),
			),
			batch(put('birch', 'c.md', sections('six'), { team: 'red', stage: 1 })),
		],
		[stream(put('birch', 'large.txt', paragraphs(0, 540) + large))],
	];
	const doubled = put('acme', 'a.md', sections('one', 'two and a half', 'three'));
	const second: Stage = [
		[
			batch(
				doubled,
				move('acme', 'b.md', 'moved.md', sections('left', 'right', 'middle')),
				change('acme', 'gone.md', null),
				refused('acme', 'e.md', `${sections('early')}\n\n${section('late', refusedByEmbedder)}`),
				refused('acme', 'i.md', `${sections('inner')}\n\n${section('new', refusedByIndex)}`),
			),
			batch(doubled),
		],
		[
			batch(put('birch', 'a.md', sections('three', 'one'))),
			batch(
				put('birch', 'a.md', sections('three', 'one', 'nine')),
				put('birch', 'c.md', sections('six'), { stage: 2 }),
			),
			batch(move('birch', 'big.md', 'far/big.md', inFile + sections('wide', 'tall'))),
		],
		[stream(put('birch', 'large.txt', paragraphs(20, 545) + large, { edited: true }))],
	];
	const third: Stage = [
		[
			batch(put('acme', 'gone.md', sections('back', 'lived')), change('acme', 'c.md', null)),
			patch(
				put('acme', 'moved.md', sections('left', 'right', 'middle'), { stage: 3 }),
				put('acme', 'gone.md', sections('back', 'lived'), { stage: 3 }),
			),
		],
		[
			patch(
				put('birch', 'a.md', sections('three', 'one', 'nine'), { tags: ['walnut'] }),
				put('birch', 'c.md', sections('six'), { stage: 3 }),
				put('birch', 'large.txt', paragraphs(20, 545) + large, { edited: true, tags: ['hazel'] }),
			),
			patch(put('birch', 'a.md', sections('three', 'one', 'nine'), { tags: ['hazel'] })),
			batch(change('birch', 'far/big.md', null)),
			batch(change('birch', 'large.txt', null)),
			stream(put('birch', 'large.txt', paragraphs(500, 530) + large)),
		],
	];
	const fields = { looked: 'at' };
	const last: Stage = [
		[
			batch(
				put('acme', 'a.md', sections('one', 'two and a half', 'three'), fields),
				put('acme', 'moved.md', sections('left', 'right', 'middle'), fields),
				put('acme', 'gone.md', sections('back', 'lived'), fields),
				put('acme', 'e.md', sections('early', 'late'), fields),
				put('acme', 'i.md', sections('inner', 'new'), fields),
				put('birch', 'a.md', sections('three', 'one', 'nine'), fields),
				put('birch', 'c.md', sections('six'), fields),
			),
		],
		[stream(put('birch', 'large.txt', paragraphs(500, 530) + large, fields))],
	];
	return { stages: [first, second, third], last, poison };
}
