/**
 * What a trigger node learns from its state on the way to the watch engine: where a file is, which file holds which
 * document's name, which folders were taken out of the settings, and from when on changes are told of. One for the
 * life of an engine; used by watching.ts.
 */
import { createIdentity, type Identity } from '../watch/identity.ts';
import type { FileRow, FileState, StateChange, StateHead } from '../watch/state/file-state-port.ts';
import { createClaims, isClaiming, type Claims } from './claims.ts';
import type { WatchedRoot } from './folder-access.ts';
import type { EngineName, Naming } from './naming.ts';

export interface KnownFiles {
	/** Null where no two files can get one name. */
	readonly claims: Claims | null;
	/** The state, seen by this on its way to the engine. */
	readonly state: FileState;
	/** A file by its ID in the engine. */
	locate(engineId: string): (EngineName & { readonly path: string }) | null;
	/** Documents of folders that are no longer in the settings, by label. */
	left(): ReadonlyMap<string, number>;
	/** Wall ms: what was there before is not told of; null: everything is. */
	baseline(): number | null;
	/** Everything that was there at the start has been seen to. */
	endBaseline(): void;
}

export interface KnownFilesDeps {
	readonly state: FileState;
	readonly roots: readonly WatchedRoot[];
	readonly naming: Naming;
	/** The baseline that a state with this head begins with. */
	readonly baselineOf: (head: StateHead) => number | null;
	readonly onOpen: (head: StateHead) => void;
}

/** What is known by now. */
interface Known extends Pick<KnownFilesDeps, 'roots' | 'naming'> {
	readonly claims: Claims | null;
	readonly left: Map<string, number>;
	/** Null until the state is open. */
	identity: Identity | null;
	baseline: number | null;
}

export function createKnownFiles(deps: KnownFilesDeps): KnownFiles {
	const { roots, naming, state } = deps;
	const claims = naming.isInjective ? null : createClaims();
	const known: Known = { roots, naming, claims, left: new Map(), identity: null, baseline: null };
	return {
		claims,
		state: {
			...state,
			async open() {
				const head = await state.open();
				known.identity = createIdentity(roots, head.firstRoot ?? roots[0]?.label ?? '');
				known.baseline = deps.baselineOf(head);
				deps.onOpen(head);
				return head;
			},
			async *rows() {
				for await (const page of state.rows()) {
					for (const row of page) learnRow(known, row);
					yield page;
				}
			},
			async commit(change) {
				await state.commit(change);
				learnCommit(known, change);
			},
		},
		locate: (engineId) => locate(known, engineId),
		left: () => known.left,
		baseline: () => known.baseline,
		endBaseline: () => void (known.baseline = null),
	};
}

function locate({ roots, identity }: Known, engineId: string): ReturnType<KnownFiles['locate']> {
	const place = identity?.locate(engineId) ?? null;
	const root = roots.find(({ label }) => label === place?.label);
	if (place === null || root === undefined) return null;
	const { label, relPath } = place;
	return { root: label, relPath, docId: engineId, path: `${root.dir}/${relPath}` };
}

function learnRow(known: Known, row: FileRow): void {
	if (!isClaiming(row)) return;
	if (!known.roots.some(({ label }) => label === row.root)) {
		known.left.set(row.root, (known.left.get(row.root) ?? 0) + 1);
	}
	withName(known, row, (claims, name, engineId) => claims.claim(name, engineId));
}

/** Rows that are forgotten, as those of a first folder that another one has taken the place of, hold no name. */
function learnCommit(known: Known, { remove = [], firstRoot }: StateChange): void {
	for (const row of remove) withName(known, row, (claims, name, engineId) => claims.release(name, engineId));
	if (firstRoot !== undefined) known.identity = createIdentity(known.roots, firstRoot);
}

function withName(
	{ claims, identity, naming }: Known,
	{ root, path }: Pick<FileRow, 'root' | 'path'>,
	use: (claims: Claims, name: Parameters<Claims['claim']>[0], engineId: string) => void,
): void {
	if (claims === null || identity === null) return;
	const docId = identity.docId(root, path);
	const name = naming.nameOf({ root, relPath: path, docId });
	if (!('fault' in name)) use(claims, name, docId);
}
