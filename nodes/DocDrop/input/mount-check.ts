/**
 * Whether a file that is not there was deleted, or whether this process does not see the folder. n8n runs executions
 * on any of its processes, and where the folder's volume is empty on one of them, every file looks deleted: taken at
 * its word, the trigger would count it as delivered. So a deletion is believed only where another file of the same
 * folder, which this process has read before, is still there. Where none is, the execution fails, and the trigger
 * sends what is really there again, or by then tells of the deletion.
 */
const perFolder = 8;
const folders = 200;

export interface MountCheck {
	/** A file of the folder was opened in this process. */
	opened(folder: string, path: string): void;
	/** Whether this process sees the folder: a file of it that was opened here is still there. */
	sees(folder: string, isThere: (path: string) => Promise<boolean>): Promise<boolean>;
}

export function createMountCheck(): MountCheck {
	/** Newest last, folders and files. */
	const known = new Map<string, Set<string>>();
	return {
		opened(folder, path) {
			const files = known.get(folder) ?? new Set();
			for (const [map, key, most] of [[files, path, perFolder] as const, [known, folder, folders] as const]) {
				map.delete(key);
				const oldest = map.size >= most ? map.keys().next().value : undefined;
				if (oldest !== undefined) map.delete(oldest);
			}
			known.set(folder, files.add(path));
		},
		async sees(folder, isThere) {
			for (const path of [...(known.get(folder) ?? [])].reverse()) {
				if (await isThere(path)) return true;
				known.get(folder)?.delete(path);
			}
			return false;
		},
	};
}

/** One for the process: another execution has read the folder, too. */
export const mountCheck = createMountCheck();
