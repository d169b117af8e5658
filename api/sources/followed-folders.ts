/**
 * Which source a folder is that `docdrop watch` follows: noted in `watch/folders.json` of the data folder, because
 * its documents belong to that source for ever, and a folder may be moved, called otherwise, or mounted elsewhere.
 * Read and written by the process that follows, and by `docdrop adopt` while none runs.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { compareRoots } from '../../nodes/watch/root-identity.ts';
import { uuidOfHash } from '../../nodes/watch/uuid-of-hash.ts';

export interface FollowedFolder {
	readonly tenant: string;
	/** Its path as it was named last, absolute, and the same without links. */
	readonly dir: string;
	readonly realDir: string;
	/** Which directory stood there (nodes/watch/root-identity.ts). */
	readonly id: string;
	/** Names its root for ever: what it was called first. */
	readonly label: string;
	/** UUID. */
	readonly sourceId: string;
	/** Names the file of its state. */
	readonly state: string;
	/**
	 * It was adopted, and has not been told of as a whole since: until then it takes over documents of its files' names,
	 * whoever has published them. These are the sources that end with it.
	 */
	readonly adopts: readonly string[] | null;
}

/** A folder as it is found now. */
export type FolderPlace = Pick<FollowedFolder, 'tenant' | 'dir' | 'realDir' | 'id'>;

/** The folder by its path, by what its path leads to, or as the directory that it was when it was called otherwise. */
export function recognise(
	known: readonly FollowedFolder[],
	{ tenant, dir, realDir, id }: FolderPlace,
): FollowedFolder | null {
	const own = known.filter((one) => one.tenant === tenant);
	return (
		own.find((one) => one.dir === dir) ??
		own.find((one) => one.realDir === realDir) ??
		own.findLast((one) => compareRoots(one.id, id) === 'same') ??
		null
	);
}

/** The list with the folder at this place, whichever of them it is. */
export function follow(
	known: readonly FollowedFolder[],
	place: FolderPlace,
): { readonly folder: FollowedFolder; readonly folders: readonly FollowedFolder[] } {
	const before = recognise(known, place);
	const folder = { ...(before ?? newFolder(known, place)), ...place };
	return { folder, folders: [...known.filter((one) => one !== before), folder] };
}

/** The list where the folder at this place goes on as `former`; null: as itself. It takes over what it finds. */
export function adopt(
	known: readonly FollowedFolder[],
	place: FolderPlace,
	former: FollowedFolder | null,
): readonly FollowedFolder[] {
	const own = recognise(known, place);
	const kept = former ?? own ?? newFolder(known, place);
	const ended = own === null || own === kept ? [] : [own.sourceId, ...(own.adopts ?? [])];
	const adopts = [...new Set([...(kept.adopts ?? []), ...ended])];
	return [...known.filter((one) => one !== own && one !== kept), { ...kept, ...place, adopts }];
}

/** A folder that was never followed. Its source is made of its path, so that a list that was lost changes nothing. */
function newFolder(known: readonly FollowedFolder[], place: FolderPlace): FollowedFolder {
	for (let turn = 0; ; turn += 1) {
		// Another one was here before it, and is elsewhere now.
		const again = turn === 0 ? '' : `\0${turn}`;
		const name = `${place.tenant.length}:${place.tenant}${place.dir}${again}`;
		const hex = createHash('sha256').update(name).digest('hex');
		const state = hex.slice(0, 16);
		if (known.some((one) => one.state === state)) continue;
		return { ...place, label: labelOf(place.dir), sourceId: uuidOfHash(hex), state, adopts: null };
	}
}

/** What the folder is called, as far as a root may be called so. */
const labelOf = (dir: string): string =>
	basename(dir)
		.replaceAll(/\p{Cc}/gu, '\uFFFD')
		.slice(0, 128)
		.toWellFormed() || 'root';

/** The list on disk, and where the states of its folders are. */
export interface FolderList {
	read(): readonly FollowedFolder[];
	/** Durable when it returns, or as it was. */
	write(folders: readonly FollowedFolder[]): void;
	stateFile(folder: FollowedFolder): string;
	/** Removes the state of a folder that goes on as another one. */
	removeState(folder: FollowedFolder): void;
}

export function createFolderList(dataDir: string): FolderList {
	const dir = join(resolve(dataDir), 'watch');
	const file = join(dir, 'folders.json');
	const stateFile = ({ state }: FollowedFolder) => join(dir, `${state}.db`);
	return {
		read() {
			try {
				const found: unknown = JSON.parse(readFileSync(file, 'utf8'));
				if (Array.isArray(found)) return found as FollowedFolder[];
			} catch {
				// None yet, or damaged: what a folder was is told by its path then.
			}
			return [];
		},
		write(folders) {
			mkdirSync(dir, { recursive: true, mode: 0o700 });
			writeFileSync(`${file}.new`, `${JSON.stringify(folders, null, '\t')}\n`, { mode: 0o600, flush: true });
			renameSync(`${file}.new`, file);
		},
		stateFile,
		removeState(folder) {
			for (const end of ['', '-wal', '-shm']) rmSync(stateFile(folder) + end, { force: true });
		},
	};
}
