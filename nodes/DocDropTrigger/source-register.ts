/**
 * Which source a trigger node publishes as, kept in a SQLite file of n8n's user folder. A node keeps its source for
 * ever. A node that was never there before, and watches what another one watches, with the same filters and names,
 * is a copy of that one (the workflow was duplicated, imported, or its trigger put in anew): it goes on as the
 * same source, in a new epoch, so that what the other has published is its own and what it does not find again goes.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ITriggerFunctions } from 'n8n-workflow';
import {
	checkFolder,
	ownSourceId,
	stateFolder,
	storedEpoch,
	type NodePlace,
	type StoredEpoch,
} from './file-state.ts';
import type { WatchedRoot } from './folder-access.ts';
import type { Naming } from './naming.ts';
import type { TriggerSettings } from './trigger-parameters.ts';

export interface Registered {
	/** UUID. */
	readonly sourceId: string;
	/** Another node had it before: whatever state this node has is not of this source. */
	readonly isAdopted: boolean;
	/** Of the state that the node has; null where it has none of this source. */
	readonly epoch: string | null;
	/** Another node of the source has begun a newer epoch since: what that one told of is not in the state. */
	readonly isOvertaken: boolean;
	/** The register knows the node. Where it does not, nothing is noted there: the folder may not be ours to write to. */
	readonly isNoted: boolean;
}

/** What a node is activated with. */
export interface Activation {
	readonly roots: readonly WatchedRoot[];
	readonly naming: Naming;
	readonly settings: Pick<TriggerSettings, 'events' | 'watch'>;
	/** See `isPublisher`. */
	readonly isPublisher: boolean;
	/** Wall ms. */
	readonly now: number;
}

/** A node, and what it would tell of. */
interface Registrant {
	/** Names the node in n8n, and is its source where it is a copy of none. */
	readonly node: string;
	/** See `originOf`. */
	readonly origin: string;
	/** What its state is of. */
	readonly stored: StoredEpoch | null;
}

/** What the API tells people of the source; at most as long as it takes. */
export const sourceNameOf = (workflowName: string | undefined): string =>
	`workflow ${(workflowName ?? '').replaceAll(/\p{Cc}/gu, ' ')}`.slice(0, 100).toWellFormed().trim();

/**
 * Whether the node's workflow publishes what it tells of: a disabled node passes on what it is given. Another one, which mails each new file, has nothing that
 * a copy could take over, and must not be told of everything again because a workflow that publishes watches as well.
 */
export function isPublisher(context: Pick<ITriggerFunctions, 'getChildNodes' | 'getNode'>): boolean {
	const publishing = /(\.docDrop|^n8n-nodes-base\.executeWorkflow)$/;
	return context
		.getChildNodes(context.getNode().name)
		.some(({ type, disabled }) => !disabled && publishing.test(type));
}

/** Nodes that are remembered; the ones that have not been activated for longest are forgotten. */
const mostNodes = 10_000;
const schema = `
	CREATE TABLE IF NOT EXISTS sources (
		node TEXT PRIMARY KEY,
		origin TEXT NOT NULL,
		source_id TEXT NOT NULL,
		activated_at INTEGER NOT NULL
	) STRICT, WITHOUT ROWID;
	CREATE INDEX IF NOT EXISTS sources_by_origin ON sources (origin, activated_at);
	CREATE INDEX IF NOT EXISTS sources_by_age ON sources (activated_at);
	CREATE TABLE IF NOT EXISTS epochs (source_id TEXT PRIMARY KEY, epoch TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;
/** SQLite's codes for a file that is damaged, or none of its own. */
const DAMAGED: readonly unknown[] = [11, 26];

/**
 * What two nodes must have in common to tell of the same documents in the same way: folders, filters, names, and the
 * events that lead to an execution.
 */
function originOf(
	roots: readonly WatchedRoot[],
	naming: Naming,
	{ events, watch }: Pick<TriggerSettings, 'events' | 'watch'>,
): string {
	const { include, exclude, maxFileBytes, followLinks } = watch;
	const folders = roots.map(({ label, dir }) => [label, dir]);
	const parts = [
		folders,
		naming.fingerprint,
		[...events].sort(),
		include,
		exclude,
		maxFileBytes,
		followLinks,
	];
	return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/**
 * The source of a node that is activated, noted. Without a register the node goes on as what its state is of; what
 * others do then is heard from the API, at its first refusal.
 */
export function findSource(place: NodePlace, activation: Activation): Registered {
	const { roots, naming, settings, now } = activation;
	const folder = stateFolder(place);
	const node = registrantOf(place, originOf(roots, naming, settings));
	if (!activation.isPublisher) return unregistered(node);
	try {
		checkFolder(
			folder,
			roots.map(({ dir }) => dir),
		);
		mkdirSync(folder, { recursive: true, mode: 0o700 });
		return noteActivation(folder, node, now);
	} catch (error) {
		const isDamaged = DAMAGED.includes((error as { errcode?: unknown }).errcode);
		return isDamaged ? beginAnew(folder, node, now) : unregistered(node);
	}
}

/** Notes which epoch of the source is the newest, as it begins. */
export function noteEpoch(place: Pick<NodePlace, 'env' | 'home'>, { sourceId, epoch }: StoredEpoch): void {
	const folder = stateFolder(place);
	// Where there can be no register, none is begun here.
	if (!existsSync(fileIn(folder))) return;
	try {
		withRegister(folder, false, (db) => {
			db.prepare('INSERT OR REPLACE INTO epochs VALUES (?, ?)').run(sourceId, epoch);
		});
	} catch {
		// Nothing is lost: another node of the source hears from the API that it was overtaken.
	}
}

function registrantOf(place: NodePlace, origin: string): Registrant {
	return { node: ownSourceId(place.workflowId, place.nodeId), origin, stored: storedEpoch(place) };
}

const unregistered = ({ node, stored }: Registrant): Registered => ({
	sourceId: stored?.sourceId ?? node,
	isAdopted: false,
	epoch: stored?.epoch ?? null,
	...{ isOvertaken: false, isNoted: false },
});

/** The states know their sources: the activations fill a new register again. */
function beginAnew(folder: string, node: Registrant, now: number): Registered {
	try {
		for (const suffix of ['-journal', '-wal', '-shm', ''])
			rmSync(`${fileIn(folder)}${suffix}`, { force: true });
		return noteActivation(folder, node, now);
	} catch {
		return unregistered(node);
	}
}

/** Notes that the node is activated with this origin, and finds its source. Throws where the file cannot be used. */
const noteActivation = (folder: string, node: Registrant, now: number): Registered =>
	withRegister(folder, false, (db) => {
		db.exec(`BEGIN IMMEDIATE; ${schema}`);
		const found = find(db, node);
		db.prepare('INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?)').run(
			...([node.node, node.origin, found.sourceId, now] as const),
		);
		db.prepare(
			'DELETE FROM sources WHERE node IN (SELECT node FROM sources ORDER BY activated_at DESC LIMIT -1 OFFSET ?)',
		).run(mostNodes);
		db.exec('DELETE FROM epochs WHERE source_id NOT IN (SELECT source_id FROM sources); COMMIT');
		return found;
	});

/** The source that the node would be if it were activated now. Writes nothing. */
export function peekSource(
	place: NodePlace,
	{ roots, naming, settings, isPublisher: publishes }: Omit<Activation, 'now'>,
): Registered {
	const node = registrantOf(place, originOf(roots, naming, settings));
	if (!publishes) return unregistered(node);
	try {
		return withRegister(stateFolder(place), true, (db) => find(db, node));
	} catch {
		return unregistered(node);
	}
}

function find(db: DatabaseSync, { node, origin, stored }: Registrant): Registered {
	const idOf = (row: Record<string, unknown> | undefined) =>
		row === undefined ? null : String(row['source_id']);
	const own = idOf(db.prepare('SELECT source_id FROM sources WHERE node = ?').get(node));
	const newest = 'SELECT source_id FROM sources WHERE origin = ? ORDER BY activated_at DESC LIMIT 1';
	const hasOwnState = stored?.sourceId === node;
	// What its state is of, where the register was lost, or the workflow came with its state from another n8n.
	const adopted = hasOwnState ? node : (idOf(db.prepare(newest).get(origin)) ?? stored?.sourceId ?? node);
	const sourceId = own ?? adopted;
	const epoch = stored?.sourceId === sourceId ? stored.epoch : null;
	const begun = db.prepare('SELECT epoch FROM epochs WHERE source_id = ?').get(sourceId)?.['epoch'];
	return {
		...{ sourceId, epoch, isNoted: true },
		isAdopted: own === null && sourceId !== node,
		isOvertaken: epoch !== null && begun !== undefined && begun !== epoch,
	};
}

const fileIn = (folder: string): string => join(folder, 'sources.db');

function withRegister<T>(folder: string, readOnly: boolean, use: (db: DatabaseSync) => T): T {
	const db = new DatabaseSync(fileIn(folder), { readOnly, timeout: 2_000 });
	try {
		return use(db);
	} finally {
		db.close();
	}
}
