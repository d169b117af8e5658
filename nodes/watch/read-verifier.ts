/**
 * Whether a consumer that read a file by its path can have read what the change said. The emitter begins a
 * verification before it hands a batch over, and asks it when the consumer has answered.
 *
 * A file that has the stamps it was read with has not changed since. That is not enough: while a directory on the
 * path was somewhere else, the path led to nothing, or to another file, and afterwards the file's own stamps are what
 * they were. So the directories are compared with what they were before the consumer was told. And where the file was
 * read within a tick of its last change, equal stamps say nothing: then only the hash of what was taken does, and
 * without one the file is read and told again once the tick is over.
 */
import { posix } from 'node:path';
import { sameStat } from './diff.ts';
import { wayTo, type FileStat } from './disk.ts';
import type { Identity, FilePlace } from './identity.ts';
import type { Reader } from './reader/reader-port.ts';
import type { Seen } from './state/file-state-port.ts';

export interface ReadVerification {
	/**
	 * Whether the file is as it was told, and was all the time; of null, whether the watched set still lacks it.
	 * `sha256`: what the consumer says it has read, if it does.
	 */
	confirms(docId: string, seen: Seen | null, sha256: string | null): Promise<boolean>;
}

export type ReadVerifier = (docIds: readonly string[]) => Promise<ReadVerification>;

/** Rejects never. */
export function createReadVerifier(deps: {
	reader: Pick<Reader, 'look'>;
	dirOf: (label: string) => string;
	identity: Identity;
	/** Whether what stands at a place belongs to the watched set. */
	isWanted: (place: FilePlace, stat: FileStat) => boolean;
}): ReadVerifier {
	const { reader, identity } = deps;
	const look = ({ label, relPath }: FilePlace): Promise<FileStat | null> =>
		reader.look(deps.dirOf(label), relPath, null).then(
			({ stat }) => stat,
			() => null,
		);

	return async (docIds) => {
		const before = createLooks(look);
		const after = createLooks(look);
		await Promise.all(docIds.flatMap((docId) => directoriesOf(identity.locate(docId)).map(before)));
		return {
			async confirms(docId, seen, sha256) {
				const place = identity.locate(docId);
				if (place === null) return false;
				const stat = await look(place);
				const isThere = stat !== null && deps.isWanted(place, stat);
				// A file that cannot be looked at is sent as new when it can be: a deletion loses nothing.
				if (seen === null) return !isThere;
				if (!isThere || !sameStat(seen, stat)) return false;
				// It may have been another one, and back, within one tick of the times that were compared.
				if (seen.racy && sha256 !== seen.sha256) return false;
				const stayed = directoriesOf(place).map(async (directory) =>
					hasStayed(await before(directory), await after(directory)),
				);
				return (await Promise.all(stayed)).every(Boolean);
			},
		};
	};
}

/** Asks about each directory once. */
function createLooks(look: (place: FilePlace) => Promise<FileStat | null>) {
	const looks = new Map<string, Promise<FileStat | null>>();
	return (place: FilePlace): Promise<FileStat | null> => {
		// A label has no slash.
		const key = `${place.label}/${place.relPath}`;
		const known = looks.get(key) ?? look(place);
		looks.set(key, known);
		return known;
	};
}

/** The directories on the way to a file, its root among them. */
function directoriesOf(place: FilePlace | null): FilePlace[] {
	if (place === null) return [];
	const parent = posix.dirname(place.relPath);
	return wayTo(parent === '.' ? '' : parent).map((relPath) => ({ label: place.label, relPath }));
}

/**
 * Whether a directory was where it is. Its ctime tells of each renaming, and of each entry that came or went as
 * well; those set its mtime to the same time. An entry that came after a renaming hides it.
 */
export function hasStayed(before: FileStat | null, after: FileStat | null): boolean {
	if (before === null || after === null || before.ino !== after.ino) return false;
	return before.ctimeNs === after.ctimeNs || after.ctimeNs === after.mtimeNs;
}
