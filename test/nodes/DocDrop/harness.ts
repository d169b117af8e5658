import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { INodeExecutionData } from 'n8n-workflow';
import { fileFieldsOf } from '../../../nodes/DocDropTrigger/file-fields.ts';
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

/** The JSON of the batches of a run; of a form its manifest. */
export const batchesSent = ({ requests }: { readonly requests: readonly { readonly body?: unknown }[] }) =>
	requests.flatMap(({ body }) => {
		if (!Buffer.isBuffer(body)) return [];
		const [, head, json] =
			/^(--[^\r]+\r\n[^]*?\r\n\r\n)?(\{[^]*?\})(?:\r\n--[^]*)?$/.exec(body.toString()) ?? [];
		assert.ok(json !== undefined && (head === undefined || head.includes('name="manifest"')));
		return [JSON.parse(json)];
	});

export async function write(root: string, relPath: string, content: string | Uint8Array): Promise<string> {
	const path = join(root, relPath);
	await mkdir(dirname(path), { recursive: true });
	await writeFile(path, content);
	return path;
}

let lastSeq = 0;

/** Of a file item, what a test wants otherwise; `docdrop` as far as it is named. */
export type Other<Item extends { readonly docdrop: object }> = Partial<Omit<Item, 'docdrop'>> & {
	readonly docdrop?: Partial<Item['docdrop']>;
};

const order = () => ({ sourceId, epoch, seq: (lastSeq += 1), takeOver: false, batchId: 'batch' });

const place = (root: string, relPath: string) => ({
	...{ ...fileFieldsOf(relPath), path: join(root, relPath), relPath, tenant: 'acme', docId: relPath },
	previousPath: null,
});

const noPast = {
	sourceName: 'workflow Files',
	root: 'root',
	previousSha256: null,
	previousTenant: null,
	previousDocId: null,
};

/** What the trigger says of a file that is there. */
export async function fileItem(
	root: string,
	relPath: string,
	{ docdrop, ...more }: Other<FileItem> = {},
): Promise<FileItem> {
	const path = join(root, relPath);
	const { size, mtime } = await stat(path);
	const sha256 = createHash('sha256')
		.update(await readFile(path))
		.digest('hex');
	return {
		...{ event: 'created', ...place(root, relPath), size, modifiedAt: mtime.toISOString(), ...more },
		docdrop: { ...order(), ...noPast, sha256, xxh64: '0'.repeat(16), tombstone: null, ...docdrop },
	};
}

export const deletedItem = (
	root: string,
	relPath: string,
	{ docdrop, ...more }: Other<FileItem> = {},
): FileItem => ({
	...{ event: 'deleted', ...place(root, relPath), size: null, modifiedAt: null, ...more },
	docdrop: { ...order(), ...noPast, sha256: null, xxh64: null, tombstone: '0'.repeat(64), ...docdrop },
});

export const snapshotItem = (more: Partial<SnapshotItem['docdrop']> = {}): SnapshotItem => ({
	event: 'snapshotComplete',
	docdrop: { ...order(), present: [], confirmed: false, ...more },
});

export const items = (all: readonly object[]): INodeExecutionData[] =>
	all.map((json) => ({ json: json as INodeExecutionData['json'] }));
