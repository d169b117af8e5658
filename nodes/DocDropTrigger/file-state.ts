/**
 * Where a trigger node keeps the state of its files: in the workflow's static data, or in a SQLite file in n8n's
 * user folder. Used by the trigger node alone; everything it needs of the machine is handed in.
 *
 * The SQLite file is what decides: once it is there, the state is in it, whatever static data says, because that
 * may have been restored from an older time. In static data it leaves a small mark, so that a lost SQLite file
 * leads to a new one and not back. Every switch is a new epoch:
 *  - to SQLite: the file is made, then the mark is set. A crash between the two finds the file and sets the mark.
 *  - to static data, by setting only: the file goes, then the mark. A crash between the two finds the mark, which is
 *    no state to go on with.
 *
 * Workflow id and node id name a state: a renamed node keeps its own, a copy of a node or of a workflow has
 * another, even if static data was copied with it.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../watch/clock.ts';
import type { FileState, StateHead } from '../watch/state/file-state-port.ts';
import { uuidOfHash } from '../watch/uuid-of-hash.ts';
import { createSqliteFileState } from '../watch/state/sqlite.ts';
import { readBlob, writeMoved } from '../watch/state/static-data-blob.ts';
import {
	createStaticDataFileState,
	touchStaticData,
	type NewestTexts,
	type StaticData,
} from '../watch/state/static-data.ts';

/** `auto`: static data for up to `AUTO_FILES` files, then SQLite, and never back. */
export type StateSetting = 'auto' | 'staticData' | 'sqlite';
export type StateKind = 'staticData' | 'sqlite';

export interface ChosenFileState {
	readonly kind: StateKind;
	/** Not open yet; its commits reject with `state_overwritten` where static data was written by somebody else. */
	readonly state: FileState;
	/** For people. */
	readonly reason: string;
	/** Call it right before each emit, in the same turn: n8n saves static data there, and must see that it changed. */
	beforeEmit(): void;
}

const AUTO_FILES = 1000;

/** Whether the node has to close its engine and restart it with the setting `sqlite`. */
export const shouldMove = (kind: StateKind, setting: StateSetting, files: number): boolean =>
	setting === 'auto' && kind === 'staticData' && files > AUTO_FILES;

/** UUID of the source that a trigger node is where it is the copy of none (source-register.ts). */
export function ownSourceId(workflowId: string, nodeId: string): string {
	return uuidOfHash(hashOf(workflowId, nodeId));
}

/** A trigger node and its place in n8n. */
export interface NodePlace {
	/** The workflow's global static data. */
	readonly data: StaticData;
	readonly workflowId: string;
	readonly nodeId: string;
	/** Its N8N_USER_FOLDER is asked for. */
	readonly env: Readonly<Record<string, string | undefined>>;
	/** The home directory. */
	readonly home: string;
}

/** DocDrop's own folder in n8n's user folder. */
export const stateFolder = ({ env, home }: Pick<NodePlace, 'env' | 'home'>): string =>
	join(resolve(env['N8N_USER_FOLDER'] ?? home), '.n8n', 'docdrop');

const fileOf = (node: NodePlace): string =>
	join(stateFolder(node), `${hashOf(node.workflowId, node.nodeId).slice(0, 32)}.db`);

/** Whose word a stored state is. */
export type StoredEpoch = Pick<StateHead, 'sourceId' | 'epoch'>;

/** What the node's stored state is of, without touching it; null where there is none, or it cannot be read. */
export function storedEpoch(node: NodePlace): StoredEpoch | null {
	const file = fileOf(node);
	if (!existsSync(file)) {
		const found = readBlob(node.data[keyOf(node.nodeId)]);
		return found.kind === 'state' ? { sourceId: found.head.sourceId, epoch: found.head.epoch } : null;
	}
	let db: DatabaseSync | null = null;
	try {
		db = new DatabaseSync(file, { readOnly: true });
		const { source_id: sourceId, epoch } = db.prepare('SELECT source_id, epoch FROM head').get() ?? {};
		return typeof sourceId === 'string' && typeof epoch === 'string' ? { sourceId, epoch } : null;
	} catch {
		// An engine has it: whoever asks then knows the epoch from that engine.
		return null;
	} finally {
		db?.close();
	}
}

const keyOf = (nodeId: string): string => `docdrop:${nodeId}`;

const hashOf = (workflowId: string, nodeId: string): string =>
	createHash('sha256')
		.update([workflowId, nodeId].map((id) => `${id.length}:${id}`).join(''))
		.digest('hex');

/**
 * Throws an Error for people where the SQLite file would lie inside a watched folder: it would change with each change
 * that it notes. Touches nothing before the state is opened.
 */
export function chooseFileState(
	deps: NodePlace & {
		setting: StateSetting;
		/** A state in static data that is of another source is a lost one. */
		sourceId: string;
		/** Directories of the watched folders. */
		roots: readonly string[];
		clock: Clock;
		/** One for the process. */
		newest: NewestTexts;
		/** Called once, when a commit was rejected with `state_overwritten`: close the engine, choose again, start again. */
		onOverwritten?: () => void;
		/** Drop what is stored when the state is first opened: a new epoch. */
		renew?: boolean;
	},
): ChosenFileState {
	const { setting, data, sourceId, nodeId, clock, newest } = deps;
	const key = keyOf(nodeId);
	const folder = stateFolder(deps);
	const file = fileOf(deps);
	if (setting !== 'staticData') checkFolder(folder, deps.roots);
	const found = readBlob(data[key]);
	const isMarked = found.kind === 'moved' && found.sourceId === sourceId;
	const beforeEmit = () => touchStaticData(data, key);
	const { kind, reason } = decide(setting, { hasFile: existsSync(file), isMarked });
	let { renew = false } = deps;

	if (kind === 'sqlite') {
		const sqlite = createSqliteFileState({ file, clock, sourceId });
		const open = async () => {
			mkdirSync(folder, { recursive: true, mode: 0o700 });
			if (renew) removeDatabase(file);
			renew = false;
			const head = await sqlite.open();
			if (!isMarked && found.kind !== 'newer') data[key] = writeMoved(sourceId);
			return head;
		};
		return { kind, reason, beforeEmit, state: { ...sqlite, open } };
	}
	const name = ownSourceId(deps.workflowId, nodeId);
	const state = createStaticDataFileState({ data, key, clock, name, sourceId, newest });
	let isTold = false;
	const tell = (error: unknown) => {
		if (isTold || (error as { code?: unknown }).code !== 'state_overwritten') return;
		isTold = true;
		deps.onOverwritten?.();
	};
	return {
		...{ kind, reason, beforeEmit },
		state: {
			...state,
			async open() {
				if (renew || existsSync(file)) {
					removeDatabase(file);
					// What is there is older than the file was.
					delete data[key];
				}
				renew = false;
				return state.open();
			},
			commit(change) {
				const committed = state.commit(change);
				void committed.catch(tell);
				return committed;
			},
		},
	};
}

function decide(
	setting: StateSetting,
	disk: { readonly hasFile: boolean; readonly isMarked: boolean },
): { readonly kind: StateKind; readonly reason: string } {
	if (setting !== 'auto') return { kind: setting, reason: 'by setting' };
	if (disk.hasFile) return { kind: 'sqlite', reason: 'the state was moved to SQLite before' };
	if (disk.isMarked)
		return { kind: 'sqlite', reason: 'the state was moved to SQLite before, and its file is gone' };
	return { kind: 'staticData', reason: `up to ${AUTO_FILES} files` };
}

/** The main file last: while it is there, this is done again. */
function removeDatabase(file: string): void {
	for (const suffix of ['-wal', '-shm', '']) rmSync(`${file}${suffix}`, { force: true });
}

/** Throws an Error for people where the folder lies inside of a watched one. */
export function checkFolder(folder: string, roots: readonly string[]): void {
	const real = realPathOf(folder);
	for (const root of roots) {
		const way = relative(realPathOf(resolve(root)), real);
		if (way === '..' || way.startsWith(`..${sep}`) || resolve(way) === way) continue;
		throw new Error(
			`The folder ${root} holds ${folder}, where the state of a large folder is kept: it would change with every change that it notes. ` +
				'Watch a folder beside it, set N8N_USER_FOLDER to another place, or keep the state in the static data of the workflow.',
		);
	}
}

/** Without symbolic links, as far as the path is there. */
function realPathOf(path: string): string {
	const parent = dirname(path);
	try {
		return realpathSync(path);
	} catch (error) {
		if (parent === path || (error as { code?: unknown }).code !== 'ENOENT') return path;
		return join(realPathOf(parent), basename(path));
	}
}
