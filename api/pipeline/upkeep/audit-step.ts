import type { DocumentState } from '../../ports/index.ts';
import { digestHex, EMPTY_DIGEST } from '../../contract/set-digest.ts';
import { readingOf } from '../../domain/index.ts';
import { fileDiffers, isLeftOver, type AuditedFolder } from './audit-folder.ts';
import { addToDigests, folderDigest, noteFinding, type AuditRun } from './audit-run.ts';
import { inParallel } from './index-verification.ts';
import type { Repaired, RepairDeps } from './repair.ts';
import { repairDocument, strangersOf } from './tenant-repair.ts';

/**
 * An audit in steps of some documents each: each is held, read whole on both sides and compared, as a repair does it
 * (repair.ts), and mended where that is asked for. Held is what makes it exact: nothing is under way on a document that
 * is compared, so that no edit is a finding. Then the documents that the index has and that are not published, and at the
 * end the followed folders.
 */
export interface AuditDeps extends Omit<RepairDeps, 'readsContents' | 'mends' | 'totals'> {
	/** Of today's extractor, chunker and embedder for a type, as published documents have theirs. */
	readonly fingerprintOf: (mimeType: string) => string;
	/** Those that this process follows. */
	readonly folders: () => readonly AuditedFolder[];
}

/** What of a step that failed is done already, and where a walk through a folder is. Lost with the process. */
export interface StepProgress {
	readonly looked: Set<string>;
	walk: FolderWalk | null;
}

interface FolderWalk {
	readonly sourceId: string;
	readonly rows: Iterator<readonly [docId: string, unknown]>;
	/** Read from the rows, and not compared yet. */
	readonly pending: Set<string>;
	files: number;
}

const documentsAStep = 100;
const filesAStep = 500;
const none = digestHex(EMPTY_DIGEST);

/** Takes the run one step on; true: it has come to its end. After an error the step is to be tried again. */
export async function auditStep(run: AuditRun, progress: StepProgress, deps: AuditDeps): Promise<boolean> {
	const { at } = run;
	if (at.isTenantDone) {
		const next = await nextTenant(run, deps);
		if (next === null) return folderStep(run, progress, deps);
		Object.assign(at, { tenant: next, isTenantDone: false, docId: '' });
	}
	const { tenant, docId: after } = at;
	const page = await deps.docStore.documents({
		...{ tenant, limit: documentsAStep },
		...(after !== '' && { after }),
	});
	await inParallel(page, (state) => auditDocument(run, state, progress, deps));
	const last = page.at(-1);
	if (last !== undefined && page.length === documentsAStep) at.docId = last.docId;
	else {
		await auditStrangers(run, tenant, progress, deps);
		at.isTenantDone = true;
	}
	progress.looked.clear();
	return false;
}

async function nextTenant({ tenant, at }: AuditRun, { docStore }: AuditDeps): Promise<string | null> {
	if (tenant !== null) return at.tenant === '' ? tenant : null;
	const [next] = await docStore.tenants({ after: at.tenant, limit: 1 });
	return next ?? null;
}

async function auditDocument(
	run: AuditRun,
	state: DocumentState,
	progress: StepProgress,
	deps: AuditDeps,
): Promise<void> {
	const { tenant, docId, sourceId } = state;
	const isThere = state.published !== null || state.orphans > 0;
	if (!isThere || progress.looked.has(docId)) return;
	const done = await lookAt(run, tenant, docId, deps);
	progress.looked.add(docId);
	if (done === null) return;
	const { published } = done.target;
	if (published === null) return;
	run.counts.documents += 1;
	const { mimeType } = readingOf(published.meta);
	if (published.fingerprint !== deps.fingerprintOf(mimeType)) run.counts.earlier += 1;
	const folder = deps.folders().find((one) => one.sourceId === sourceId && one.tenant === tenant);
	const { sha256 } = published;
	addToDigests(run, { tenant, docId, sha256 }, done.left === 0, folder?.sourceId ?? null);
	if (folder !== undefined && (await isLeftOver(folder, state, deps.docStore)))
		noteFinding(run, tenant, docId, { found: { folder: 1 }, left: 1 });
}

/** Null: it was in work all the time. */
async function lookAt(
	run: AuditRun,
	tenant: string,
	docId: string,
	deps: AuditDeps,
): Promise<Repaired | null> {
	const totals = { written: 0, removed: 0, isNewer: false, unmended: new Map() };
	const looking = { ...deps, totals, readsContents: true, mends: run.repair };
	const done = await repairDocument(tenant, docId, looking);
	if (done === null) run.counts.inWork += 1;
	else {
		run.counts.points += done.points;
		noteFinding(run, tenant, docId, done);
	}
	return done;
}

async function auditStrangers(
	run: AuditRun,
	tenant: string,
	{ looked }: StepProgress,
	deps: AuditDeps,
): Promise<void> {
	for await (const strangers of strangersOf(tenant, deps)) {
		await inParallel(strangers, async (docId) => {
			// One that was published until now has been looked at.
			if (looked.has(docId)) return;
			await lookAt(run, tenant, docId, deps);
			looked.add(docId);
		});
	}
}

/** Some files of a folder, or the end of one; true: there is no further one. */
async function folderStep(run: AuditRun, progress: StepProgress, deps: AuditDeps): Promise<boolean> {
	const folder = deps
		.folders()
		.find(({ tenant, sourceId }) => (run.tenant ?? tenant) === tenant && !run.at.folders.includes(sourceId));
	if (folder === undefined) return true;
	const { tenant, sourceId } = folder;
	if (progress.walk?.sourceId !== sourceId) {
		const rows = folder.rows()[Symbol.iterator]();
		progress.walk = { sourceId, rows, pending: new Set(), files: 0 };
	}
	const { walk } = progress;
	const isMore = takeFiles(walk);
	await inParallel([...walk.pending], async (docId) => {
		if (await fileDiffers(folder, docId, deps.docStore)) {
			const isToldAgain = run.repair && folder.tellAgain(docId);
			noteFinding(run, tenant, docId, { found: { folder: 1 }, left: isToldAgain ? 0 : 1 });
		}
		walk.pending.delete(docId);
		walk.files += 1;
	});
	if (isMore) return false;
	const { roots } = folder.status();
	const [root] = roots;
	const { manifest, index } = folderDigest(run, sourceId);
	run.folders.push({
		...{ tenant, sourceId, files: walk.files },
		digest: { folder: root?.digest ?? none, delivered: root?.deliveredDigest ?? none, manifest, index },
	});
	run.at.folders.push(sourceId);
	progress.walk = null;
	return false;
}

/** False: these are the last. */
function takeFiles({ rows, pending }: FolderWalk): boolean {
	while (pending.size < filesAStep) {
		const next = rows.next();
		if (next.done === true) return false;
		pending.add(next.value[0]);
	}
	return true;
}
