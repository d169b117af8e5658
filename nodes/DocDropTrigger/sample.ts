/**
 * What a manual test gives: the newest file that the settings want, as the trigger would tell of it. It watches
 * nothing and writes nothing.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { sampleEpoch } from '../../api/contract/sample-epoch.ts';
import type { FileItem } from '../item.ts';
import type { Clock } from '../watch/clock.ts';
import { createNodeDisk } from '../watch/disk.ts';
import { createIdentity } from '../watch/identity.ts';
import { createDiskReader } from '../watch/reader/reader-on-disk.ts';
import type { Reader } from '../watch/reader/reader-port.ts';
import type { Guard, WatchedRoot } from './folder-access.ts';
import { itemsOf } from './items.ts';
import type { DocumentName, EngineName, Naming } from './naming.ts';
import type { TriggerSettings } from './trigger-parameters.ts';
import { walkFiles, type FoundFile } from './look-around.ts';

/** How often an empty folder is looked at again, ms. */
const LOOK_EVERY = 500;

export interface SampleDeps {
	readonly settings: Pick<TriggerSettings, 'watch' | 'takeOver'>;
	readonly roots: readonly WatchedRoot[];
	readonly naming: Naming;
	readonly guard: Guard;
	readonly sourceId: string;
	readonly sourceName: string;
	/** That of the trigger's state, where it is known. */
	readonly epoch: string | null;
	readonly clock: Clock;
	/** Nothing is there: it waits for the first file. */
	readonly onWaiting: () => void;
	readonly signal: AbortSignal;
}

/** Files that are tried before it waits for another one: the newest may be unreadable, or still be written. */
const CANDIDATES = 10;

interface Candidate extends FoundFile {
	readonly engineName: EngineName;
	readonly name: DocumentName;
}

/** Resolves with the item of the newest file, or of the first that comes; null when it is aborted. */
export async function takeSample(deps: SampleDeps): Promise<FileItem | null> {
	const { clock, settings } = deps;
	const { followLinks } = settings.watch;
	const log = () => {};
	const reader = await createDiskReader({ disk: createNodeDisk({ followLinks }), followLinks, clock, log });
	const taken = firstItem(deps, reader).catch((error: unknown) => {
		if (deps.signal.aborted) return null;
		throw error;
	});
	return taken.finally(() => reader.close());
}

async function firstItem(deps: SampleDeps, reader: Reader): Promise<FileItem> {
	let isWaiting = false;
	for (;;) {
		for (const file of await newestFiles(deps)) {
			const item = await read(deps, reader, file);
			if (item !== null) return item;
		}
		if (!isWaiting) deps.onWaiting();
		isWaiting = true;
		await deps.clock.sleep(LOOK_EVERY, deps.signal);
	}
}

/** Newest first. */
async function newestFiles(deps: SampleDeps): Promise<Candidate[]> {
	const { roots, settings, naming, clock, signal } = deps;
	const identity = createIdentity(roots, roots[0]?.label ?? '');
	const newest: Candidate[] = [];
	const see = (file: FoundFile) => {
		const last = newest.at(-1);
		const isOld = last !== undefined && last.stat.mtimeNs >= file.stat.mtimeNs;
		if (isOld && newest.length === CANDIDATES) return true;
		const { label } = file.root;
		const engineName = { root: label, relPath: file.relPath, docId: identity.docId(label, file.relPath) };
		const name = naming.nameOf(engineName);
		if ('fault' in name) return true;
		newest.push({ ...file, engineName, name });
		newest.sort((one, other) => Number(other.stat.mtimeNs - one.stat.mtimeNs));
		newest.length = Math.min(newest.length, CANDIDATES);
		return true;
	};
	await walkFiles({ roots, watch: settings.watch, clock, signal, see });
	return newest;
}

/** Null for a file that cannot be read, is being written, or that n8n may not read. */
async function read(deps: SampleDeps, reader: Reader, file: Candidate): Promise<FileItem | null> {
	const { engineName, name } = file;
	const path = join(file.root.dir, file.relPath);
	if ((await deps.guard({ ...engineName, path })) !== null) return null;
	const stat = await reader.look(file.root.dir, file.relPath, null).then(
		(look) => look.stat,
		() => null,
	);
	if (stat === null) return null;
	const result = await reader.fingerprint(path, stat, false);
	if (result.kind !== 'content') return null;
	const { sha256, xxh64 } = result.content;
	const change = {
		...{ event: 'created' as const, ...engineName, path, sourceId: deps.sourceId },
		// Below every seq of the epoch: whatever the trigger tells of is newer.
		...{ epoch: deps.epoch ?? sampleEpoch, seq: 0, previousSha256: null },
		...{ size: stat.size, mtimeMs: Number(stat.mtimeNs / 1_000_000n), sha256, xxh64 },
	};
	const { sourceName } = deps;
	const marks = { sourceName, takeOver: deps.settings.takeOver, batchId: randomUUID() };
	return itemsOf(change, name, null, new Set(['created'] as const), marks)[0] ?? null;
}
