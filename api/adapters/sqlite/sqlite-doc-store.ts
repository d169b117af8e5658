import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DocStore } from '../../ports/doc-store.ts';
import { openThread, threadFile } from '../thread/index.ts';
import { writeBlob } from './blobs.ts';
import type { DocStoreMethods } from './doc-store-thread.ts';

/**
 * The durable document store: `docs.db`, `bodies/` and `blobs/` in `dir`, held by one thread of one process. Rejects with
 * store_locked, store_newer or store_corrupt. Each call is durable (WAL, synchronous FULL) when it resolves.
 */
export async function openSqliteDocStore({
	dir,
	weights = new Map(),
}: {
	readonly dir: string;
	/** Tenants' shares of the work; 1 where none is named. */
	readonly weights?: ReadonlyMap<string, number>;
}): Promise<DocStore> {
	const thread = openThread<DocStoreMethods>({
		file: threadFile('adapters/sqlite/doc-store-thread'),
		workerData: { dir, weights },
	});
	try {
		await thread.call('open');
	} catch (error) {
		await thread.close();
		throw error;
	}
	const blobs = join(dir, 'blobs');
	mkdirSync(blobs, { recursive: true, mode: 0o700 });
	return {
		accept: (changes, now, limits) => thread.call('accept', changes, now, limits),
		writeBlob: (bytes) => writeBlob(blobs, bytes),
		dropBlob: (blob) => thread.call('dropBlob', blob),
		claim: (request) => thread.call('claim', request),
		nextDueAt: () => thread.call('nextDueAt'),
		renew: (leases, until) => thread.call('renew', leases, until),
		recordIntent: (intents) => thread.call('recordIntent', intents),
		entries: (lease, after, limit) => thread.call('entries', lease, after, limit),
		forget: (lease, ids) => thread.call('forget', lease, ids),
		reorder: (lease, lines) => thread.call('reorder', lease, lines),
		tidyEntries: (doc, after, limit) => thread.call('tidyEntries', doc, after, limit),
		orphans: (lease) => thread.call('orphans', lease),
		commit: (commits, now) => thread.call('commit', commits, now),
		release: (items, now) => thread.call('release', items, now),
		deadLetter: (letters, now) => thread.call('deadLetter', letters, now),
		cancel: (jobId, now) => thread.call('cancel', jobId, now),
		retry: (jobId, now) => thread.call('retry', jobId, now),
		credits: (tenant) => thread.call('credits', tenant),
		grantCredits: (request) => thread.call('grantCredits', request),
		creditLedgers: (request) => thread.call('creditLedgers', request),
		job: (jobId) => thread.call('job', jobId),
		jobs: (filter) => thread.call('jobs', filter),
		document: (tenant, docId) => thread.call('document', tenant, docId),
		documents: (filter) => thread.call('documents', filter),
		tenants: (request) => thread.call('tenants', request),
		sourceDocuments: (request) => thread.call('sourceDocuments', request),
		chunks: (tenant, docId) => thread.call('chunks', tenant, docId),
		tally: (request) => thread.call('tally', request),
		hold: (tenant, docId) => thread.call('hold', tenant, docId),
		endHold: (tenant, docId) => thread.call('endHold', tenant, docId),
		texts: (doc, pointIds) => thread.call('texts', doc, pointIds),
		marker: (name) => thread.call('marker', name),
		setMarker: (name, value) => thread.call('setMarker', name, value),
		stats: () => thread.call('stats'),
		progress: (tenant, now) => thread.call('progress', tenant, now),
		sweep: (request) => thread.call('sweep', request),
		highestTime: () => thread.call('highestTime'),
		close: () => thread.close(),
	};
}
