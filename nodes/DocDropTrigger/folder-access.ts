/**
 * Which files n8n may read, as its own file nodes have it (N8N_RESTRICT_FILE_ACCESS_TO and its like): the watch
 * engine reads the disk itself, so the trigger has to keep to it by itself, and must not tell of a file that no
 * later node could read. Refuses what is not allowed with the line to set.
 */
import { access, constants, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { createFilter } from '../watch/filter.ts';
import { errorCode } from '../watch/disk.ts';
import type { FileChange } from '../watch/file-change.ts';
import type { Root } from '../watch/identity.ts';
import type { FolderSetting, WatchSlice } from './trigger-parameters.ts';
import { TriggerProblem } from './problem.ts';
import {
	ALLOWED,
	isWithin,
	OWN,
	PATTERNS,
	readRules,
	refusalOf,
	type Machine,
	type Rules,
} from './read-rules.ts';

export interface WatchedRoot extends Root {
	/** Its directory without symbolic links. */
	readonly realDir: string;
}

/** Whether a file is one that n8n may read: null, or why not, for people and without the path. */
export type Guard = (file: Pick<FileChange, 'root' | 'relPath' | 'path'>) => Promise<string | null>;

/** Rejects with a TriggerProblem for the first folder that cannot be watched. */
export async function openRoots(
	folders: readonly FolderSetting[],
	watch: WatchSlice,
	machine: Machine,
): Promise<WatchedRoot[]> {
	const rules = readRules(machine);
	const roots: WatchedRoot[] = [];
	for (const { path, label } of folders) {
		const realDir = await openFolder(path, machine);
		checkAllowed(realDir, rules);
		checkInside(realDir, rules, watch);
		roots.push({ label, dir: resolve(path), realDir });
	}
	checkOverlap(roots);
	return roots;
}

export function createGuard(roots: readonly WatchedRoot[], followLinks: boolean, machine: Machine): Guard {
	const rules = readRules(machine);
	const realDirs = new Map(roots.map(({ label, realDir }) => [label, realDir]));
	return async ({ root, relPath, path }) => {
		// Without links the watch engine sees nothing that lies elsewhere than it seems to.
		const plain = join(realDirs.get(root) ?? '', relPath);
		const real = followLinks ? await realpath(path).catch(() => plain) : plain;
		const refusal = refusalOf(real, rules);
		return refusal === null ? null : `${refusal.name} does not allow n8n to read it`;
	};
}

async function openFolder(path: string, machine: Machine): Promise<string> {
	if (!isAbsolute(path)) {
		const example = path.startsWith('~') ? join(machine.home, path.slice(1)) : '/data/inbox';
		throw new TriggerProblem(
			`The folder ${JSON.stringify(path)} is not a full path`,
			`Write it from the top, like ${example}.`,
		);
	}
	const fail = (error: unknown): never => {
		throw unreadable(path, errorCode(error), machine);
	};
	const real = await realpath(path).catch(fail);
	if (!(await stat(real).catch(fail)).isDirectory()) {
		throw new TriggerProblem(
			`${JSON.stringify(path)} is a file, not a folder`,
			'Set Folder to the folder that the file is in.',
		);
	}
	await access(real, constants.R_OK | constants.X_OK).catch(fail);
	return real;
}

function unreadable(path: string, code: string, machine: Machine): TriggerProblem {
	const quoted = JSON.stringify(path);
	const everywhere = isQueueMode(machine)
		? ' In queue mode it must be mounted at the same path on the main process and on every worker.'
		: '';
	if (code === 'ENOENT' || code === 'ENOTDIR') {
		return new TriggerProblem(
			`There is no folder ${quoted} on the machine that n8n runs on`,
			`Check the spelling. Where n8n runs in a container, the folder must be mounted into it, and Folder is its path in there.${everywhere}`,
		);
	}
	if (code === 'EACCES' || code === 'EPERM') {
		return new TriggerProblem(
			`n8n has no permission to read the folder ${quoted}`,
			`Let the user that n8n runs as (in its container: node) read and enter it and the folders above it, for example: chmod o+rx ${path}${everywhere}`,
		);
	}
	return new TriggerProblem(
		`The folder ${quoted} cannot be read (${code})`,
		`Check the disk that it is on.${everywhere}`,
	);
}

const isQueueMode = ({ env }: Machine): boolean => env['EXECUTIONS_MODE'] === 'queue';

function checkAllowed(realDir: string, rules: Rules): void {
	const refusal = refusalOf(realDir, rules);
	if (refusal === null) return;
	const quoted = JSON.stringify(realDir);
	switch (refusal.name) {
		case ALLOWED:
			throw new TriggerProblem(
				`n8n may not read the folder ${quoted}`,
				`Set this environment variable where n8n runs, and restart it: ${ALLOWED}=${[refusal.detail, realDir].join(';')}`,
			);
		case OWN:
			throw new TriggerProblem(
				`The folder ${quoted} lies in a folder of n8n's own, ${JSON.stringify(refusal.detail)}`,
				`Watch a folder beside it. Only if you must: set ${OWN}=false where n8n runs, and restart it.`,
			);
		case PATTERNS:
			throw new TriggerProblem(
				`n8n may not read the folder ${quoted}: ${PATTERNS} blocks it with ${JSON.stringify(refusal.detail)}`,
				`Watch another folder, or take that pattern out of ${PATTERNS} where n8n runs, and restart it.`,
			);
	}
}

/** n8n's own folder may lie inside a watched one only where it is left out: its database changes all the time. */
function checkInside(realDir: string, rules: Rules, watch: WatchSlice): void {
	const filter = createFilter(watch);
	for (const own of rules.ownFolders) {
		if (!isWithin(realDir, own)) continue;
		const parts = relative(realDir, resolve(own)).split(sep);
		if (parts.some((_, at) => filter.excludes(parts.slice(0, at + 1).join('/')))) continue;
		throw new TriggerProblem(
			`The folder ${JSON.stringify(realDir)} holds a folder of n8n's own, ${JSON.stringify(own)}`,
			'Watch a folder beside it, or leave it out with Exclude (under Files).',
		);
	}
}

function checkOverlap(roots: readonly WatchedRoot[]): void {
	for (const [index, one] of roots.entries()) {
		for (const other of roots.slice(index + 1)) {
			if (!isWithin(one.realDir, other.realDir) && !isWithin(other.realDir, one.realDir)) continue;
			throw new TriggerProblem(
				`The folders ${JSON.stringify(one.dir)} and ${JSON.stringify(other.dir)} overlap`,
				'Watch the outer one only: a file must not have two names.',
			);
		}
	}
}
