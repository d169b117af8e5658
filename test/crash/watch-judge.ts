import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { mimeTypeOf } from '../../api/contract/file-types.ts';
import type { Extractor } from '../../api/ports/extractor.ts';
import { expectedOf } from './expected.ts';
import type { IndexContents, StoreContents } from './inspect.ts';
import { compare, faultKinds, type ExpectedDoc, type Fault } from './oracle.ts';
import type { Evidence } from './watch-evidence.ts';

/**
 * The index of a folder that was followed through crashes, against the folder itself; and what was sent, against
 * what there was to send:
 *
 *  resent     a file that was acknowledged, durably, when the process died, and that nobody touched since, has
 *             got a receipt more
 *  forgotten  such a file is no longer known as acknowledged, or was not although nothing was left to do
 *
 * A file whose delivery was on its way when the process died may be sent again: nobody knows whether it arrived.
 */
export const watchFaultKinds = [...faultKinds, 'resent', 'forgotten'] as const;
export type WatchFaultKind = (typeof watchFaultKinds)[number];

export interface WatchFault {
	readonly kind: WatchFaultKind;
	readonly message: string;
}

/** A look at the files of a dead process, and how often each path had been touched by then. */
export interface Look {
	readonly evidence: Evidence;
	readonly touches: (path: string) => number;
	/** Content of the folder then, by path. */
	readonly folder: ReadonlyMap<string, string>;
}

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** What people leave behind without meaning it; all else below a folder is to be watched. */
const isLitter = (name: string) => /^\.|^~\$|~$|\.part$|\.tmp$/.test(name);

/** Contents of the watched files by path. */
export async function readFolder(dir: string): Promise<Map<string, Uint8Array>> {
	const files = new Map<string, Uint8Array>();
	for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
		const path = join(entry.parentPath, entry.name);
		if (entry.isFile() && !isLitter(entry.name)) files.set(relative(dir, path), await readFile(path));
	}
	return files;
}

/** Between two looks: what was settled at the first, and not touched since, is settled at the second, and was not sent. */
export function judgeSending(before: Look, after: Look): WatchFault[] {
	const faults: WatchFault[] = [];
	for (const [path, content] of before.evidence.settled) {
		const isUntouched = before.touches(path) === after.touches(path) && before.folder.get(path) === content;
		if (!isUntouched) continue;
		const [had, has] = [before.evidence.receipts.get(path) ?? 0, after.evidence.receipts.get(path) ?? 0];
		if (has > had) faults.push({ kind: 'resent', message: `${path}: ${has - had} receipts more, unchanged` });
		if (after.evidence.settled.get(path) !== content)
			faults.push({ kind: 'forgotten', message: `${path}: no longer known as acknowledged` });
	}
	return faults;
}

/** Nothing of what lies outside of the folder was ever taken; `secret`: the SHA-256 of that. */
export function judgeSecret({ taken }: Evidence, secret: string): WatchFault[] {
	const path = taken.get(secret);
	return path === undefined
		? []
		: [{ kind: 'leaked', message: `${path}: what a link there led to was taken` }];
}

/** Of a process that had nothing left to do: every file that it can send was acknowledged, and that is on disk. */
export function judgeRest({ evidence, folder }: Look): WatchFault[] {
	return [...folder].flatMap(([path, content]): WatchFault[] => {
		if (mimeTypeOf(path) === null || evidence.settled.get(path) === content) return [];
		return [{ kind: 'forgotten', message: `${path}: at rest, and not noted as acknowledged` }];
	});
}

/** What is there in the end. */
export async function judgeIndex(
	end: {
		readonly tenant: string;
		readonly files: ReadonlyMap<string, Uint8Array>;
		readonly index: IndexContents;
		readonly store: StoreContents;
		readonly evidence: Evidence;
		/** Documents, as the process counted them before it stopped. */
		readonly counted: number;
	},
	extractor: Extractor,
): Promise<WatchFault[]> {
	const { tenant, files, index, store, evidence, counted } = end;
	const other = (message: string): Fault => ({ kind: 'other', message });
	const faults: WatchFault[] = [...index.faults, ...store.faults];
	const expected: ExpectedDoc[] = [];
	for (const [path, content] of files) {
		const mimeType = mimeTypeOf(path);
		if (mimeType === null) continue;
		const sent = { tenant, docId: path, content, mimeType, title: null, path, metadata: {} };
		expected.push({ ...(await expectedOf(sent, extractor)), versionFault: () => null });
	}
	faults.push(...compare(expected, index.points));
	if (counted !== expected.length)
		faults.push(other(`the process counts ${counted} documents, the folder has ${expected.length}`));
	for (const [path, content] of files) {
		if (evidence.seen.get(path) !== sha256(content))
			faults.push(other(`${path}: the folder's state does not know its content`));
	}
	for (const path of evidence.seen.keys())
		if (!files.has(path)) faults.push(other(`${path}: the folder's state has a file that is not there`));
	return faults;
}
