import { createHash } from 'node:crypto';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { INodeExecutionData } from 'n8n-workflow';
import type { FileItem, SnapshotItem } from '../../../nodes/item.ts';
import { runWorkflow, type Execution, type RunOptions } from '../../support/run-workflow.ts';

/** The action node against a real API, in a workflow that n8n's own engine runs. */
export interface Run extends Execution {
	/** `json` of each item. */
	// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into items freely
	readonly json: readonly any[];
}

/** Throws what ended the execution, if anything did. */
export async function runNode(options: RunOptions): Promise<Run> {
	const execution = await runWorkflow(options);
	if (execution.error !== undefined) throw execution.error;
	return { ...execution, json: execution.output.map(({ json }) => json) };
}

export const batch = { resource: 'batch', operation: 'publishMany', source: 'trigger' };
export const publish = { resource: 'document', operation: 'publish', source: 'trigger' };

export const sourceId = '0e8a1c52-8d0d-8c6e-9d1a-3f1f2b7c9e10';
export const epoch = '0199f3a4-7c11-7f2e-9d0a-5b6c7d8e9f00';

/** Paths that the batches and streams of a run went to, without what only prepares them. */
export const changesSent = ({ requests }: Pick<Execution, 'requests'>) =>
	requests
		.map(({ method, url }) => `${method ?? 'GET'} ${new URL(url, 'http://api').pathname}`)
		.filter((one) => /ingest|content/.test(one));

export async function write(root: string, relPath: string, content: string | Uint8Array): Promise<string> {
	const path = join(root, relPath);
	await mkdir(dirname(path), { recursive: true });
	await writeFile(path, content);
	return path;
}

let lastSeq = 0;

/** What the trigger says of a file that is there. */
export async function fileItem(
	root: string,
	relPath: string,
	more: Partial<FileItem> = {},
): Promise<FileItem> {
	const path = join(root, relPath);
	const { size, mtime } = await stat(path);
	return {
		event: 'created',
		path,
		relPath,
		root: 'root',
		tenant: 'acme',
		docId: relPath,
		sourceId,
		epoch,
		seq: (lastSeq += 1),
		takeOver: false,
		batchId: 'batch',
		size,
		mtime: mtime.toISOString(),
		sha256: createHash('sha256').update(relPath).digest('hex'),
		xxh64: '0'.repeat(16),
		previousSha256: null,
		previousPath: null,
		previousTenant: null,
		previousDocId: null,
		tombstone: null,
		...more,
	};
}

export function deletedItem(root: string, relPath: string, more: Partial<FileItem> = {}): FileItem {
	return {
		event: 'deleted',
		path: join(root, relPath),
		relPath,
		root: 'root',
		tenant: 'acme',
		docId: relPath,
		sourceId,
		epoch,
		seq: (lastSeq += 1),
		takeOver: false,
		batchId: 'batch',
		size: null,
		mtime: null,
		sha256: null,
		xxh64: null,
		previousSha256: null,
		previousPath: null,
		previousTenant: null,
		previousDocId: null,
		tombstone: '0'.repeat(64),
		...more,
	};
}

export const snapshotItem = (more: Partial<SnapshotItem> = {}): SnapshotItem => ({
	event: 'snapshotComplete',
	sourceId,
	epoch,
	seq: (lastSeq += 1),
	takeOver: false,
	batchId: 'batch',
	present: [],
	confirmed: false,
	...more,
});

export const items = (all: readonly object[]): INodeExecutionData[] =>
	all.map((json) => ({ json: json as INodeExecutionData['json'] }));
