import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DocStore } from '../../api/ports/doc-store.ts';
import { createDocEngine, type DocEngine } from '../../api/adapters/doc-store/doc-engine.ts';
import { createMemoryTables } from './memory-doc-tables.ts';

/** A document store that forgets: for tests and models. Blobs are files in a temporary folder. */
export function createMemoryDocStore(): DocStore {
	const dir = mkdtempSync(join(tmpdir(), 'docdrop-blobs-'));
	const engine = createDocEngine({
		tables: createMemoryTables(),
		blobs: { path: (blob) => join(dir, blob), remove: (blob) => rmSync(join(dir, blob), { force: true }) },
	});
	const run = async <T>(call: (engine: DocEngine) => T): Promise<T> => engine.transaction(() => call(engine));
	return {
		accept: (changes, now, limits) => run((e) => e.accept(changes, now, limits)),
		async writeBlob(bytes) {
			const pieces: Uint8Array[] = [];
			for await (const piece of bytes) pieces.push(piece);
			const content = Buffer.concat(pieces);
			const sha256 = createHash('sha256').update(content).digest('hex');
			const blob = `${sha256}-${randomUUID().slice(0, 8)}`;
			writeFileSync(join(dir, blob), content);
			return { blob, sha256, size: content.byteLength };
		},
		dropBlob: (blob) => run((e) => e.dropBlob(blob)),
		claim: (request) => run((e) => e.claim(request)),
		nextDueAt: () => run((e) => e.nextDueAt()),
		renew: (leases, until) => run((e) => e.renew(leases, until)),
		recordIntent: (intents) => run((e) => e.recordIntent(intents)),
		entries: (lease, after, limit) => run((e) => e.entries(lease, after, limit)),
		forget: (lease, ids) => run((e) => e.forget(lease, ids)),
		reorder: (lease, lines) => run((e) => e.reorder(lease, lines)),
		tidyEntries: (doc, after, limit) => run((e) => e.tidyEntries(doc, after, limit)),
		orphans: (lease) => run((e) => e.orphans(lease)),
		commit: (commits, now) => run((e) => e.commit(commits, now)),
		release: (items, now) => run((e) => e.release(items, now)),
		deadLetter: (letters, now) => run((e) => e.deadLetter(letters, now)),
		cancel: (jobId, now) => run((e) => e.cancel(jobId, now)),
		retry: (jobId, now) => run((e) => e.retry(jobId, now)),
		credits: (tenant) => run((e) => e.credits(tenant)),
		grantCredits: (request) => run((e) => e.grantCredits(request)),
		creditLedgers: (request) => run((e) => e.creditLedgers(request)),
		job: (jobId) => run((e) => e.job(jobId)),
		jobs: (filter) => run((e) => e.jobs(filter)),
		document: (tenant, docId) => run((e) => e.document(tenant, docId)),
		documents: (filter) => run((e) => e.documents(filter)),
		tenants: (request) => run((e) => e.tenants(request)),
		sourceDocuments: (request) => run((e) => e.sourceDocuments(request)),
		chunks: (tenant, docId) => run((e) => e.chunks(tenant, docId)),
		tally: (request) => run((e) => e.tally(request)),
		hold: (tenant, docId) => run((e) => e.hold(tenant, docId)),
		endHold: (tenant, docId) => run((e) => e.endHold(tenant, docId)),
		texts: (doc, pointIds) => run((e) => e.texts(doc, pointIds)),
		marker: (name) => run((e) => e.marker(name)),
		setMarker: (name, value) => run((e) => e.setMarker(name, value)),
		stats: () => run((e) => e.stats()),
		progress: (tenant, now) => run((e) => e.progress(tenant, now)),
		sweep: (request) => run((e) => e.sweep(request)),
		highestTime: () => run((e) => e.highestTime()),
		close: async () => rmSync(dir, { recursive: true, force: true }),
	};
}
