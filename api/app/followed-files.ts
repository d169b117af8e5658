import { stat } from 'node:fs/promises';
import type { Clock } from '../ports/index.ts';

/**
 * Files that are read anew when they change. They are looked at instead of being watched: what container engines put in
 * place of a file are links, and shares tell no events.
 */
export interface FollowedFiles {
	/** Reads them now, changed or not. */
	readonly readNow: () => Promise<void>;
	readonly close: () => void;
}

const lookMs = 2_000;

interface FilesState {
	/** Of the files that were read last. */
	seen: string;
	/** What was read was of no use: it is tried again, even if nothing changes that a look would show. */
	isWanting: boolean;
	cancel: () => void;
	isClosed: boolean;
}

/**
 * `read` tells whether it could use what it read; it throws nothing. The caller has read them once, before: what has
 * changed since then is not known, so that the first look reads them again.
 */
export async function followFiles(
	files: readonly string[],
	clock: Clock,
	read: () => boolean,
): Promise<FollowedFiles> {
	const signs = async () => (await Promise.all(files.map(signOf))).join();
	const state: FilesState = { seen: await signs(), isWanting: true, cancel: () => {}, isClosed: false };
	const look = async (isAsked: boolean): Promise<void> => {
		// Before the files are read: what changes meanwhile is seen by the next look.
		const found = await signs();
		if (state.isClosed || (!isAsked && !state.isWanting && found === state.seen)) return;
		state.seen = found;
		state.isWanting = !read();
	};
	const lookLater = (): void => {
		if (!state.isClosed) state.cancel = clock.after(lookMs, () => void look(false).finally(lookLater));
	};
	lookLater();
	return {
		readNow: () => look(true),
		close() {
			state.isClosed = true;
			state.cancel();
		},
	};
}

/** Another one with every change of the file, its rights and what a link leads to. */
async function signOf(file: string): Promise<string> {
	const found = await stat(file, { bigint: true }).catch(() => null);
	return found === null ? '' : `${found.dev}:${found.ino}:${found.ctimeNs}:${found.size}`;
}
