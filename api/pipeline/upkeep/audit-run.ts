import { auditKinds, auditLimits, type AuditKind } from '../../contract/audit-kinds.ts';
import type { AuditReport } from '../../contract/audit-schema.ts';
import { digestHex, digestOf, withElement } from '../../contract/set-digest.ts';

/**
 * How far an audit has come and what it has found: plain data of bounded size, which is kept as a marker so that a
 * restart goes on from it. Only the steps of audit-step.ts move it.
 */
export interface AuditRun {
	readonly tenant: string | null;
	readonly repair: boolean;
	/** ISO 8601. */
	readonly startedAt: string;
	readonly at: {
		/** Of all tenants: the one that is looked at, or was last; '' before the first. */
		tenant: string;
		isTenantDone: boolean;
		/** Documents up to this one have been looked at. */
		docId: string;
		/** Followed folders that have been held against the manifest, by source. */
		readonly folders: string[];
	};
	readonly counts: Record<'documents' | 'points' | 'inWork' | 'earlier' | 'mended' | 'left', number>;
	readonly found: Record<AuditKind, number>;
	readonly digest: Digests;
	/** Of the documents of each followed folder, by source. */
	readonly folderDigests: Record<string, Digests>;
	readonly folders: AuditReport['folders'][number][];
	readonly tenants: TenantFindings[];
}

/** Hex. */
interface Digests {
	manifest: string;
	index: string;
}
interface TenantFindings {
	readonly tenant: string;
	readonly found: Record<AuditKind, number>;
	mended: number;
	readonly documents: { docId: string; found: Record<string, number>; mended: number }[];
}

/** What came of one document, or of one file of a folder. */
export interface AuditFinding {
	readonly found: Readonly<Partial<Record<AuditKind, number>>>;
	readonly left: number;
}

const nothing = () => Object.fromEntries(auditKinds.map((kind) => [kind, 0])) as Record<AuditKind, number>;
const emptyDigests = (): Digests => ({ manifest: digestHex(0n), index: digestHex(0n) });

export const beginRun = (tenant: string | null, repair: boolean, startedAt: string): AuditRun => ({
	...{ tenant, repair, startedAt },
	at: { tenant: '', isTenantDone: true, docId: '', folders: [] },
	counts: { documents: 0, points: 0, inWork: 0, earlier: 0, mended: 0, left: 0 },
	...{ found: nothing(), digest: emptyDigests(), folderDigests: {}, folders: [], tenants: [] },
});

/** Counts what was found, and names it as far as there is room. */
export function noteFinding(run: AuditRun, tenant: string, docId: string, finding: AuditFinding): void {
	const found = Object.entries(finding.found).filter(([, count]) => count > 0);
	if (found.length === 0) return;
	const mended = found.reduce((sum, [, count]) => sum + count, 0) - finding.left;
	run.counts.mended += mended;
	run.counts.left += finding.left;
	const own = findingsOf(run, tenant);
	for (const [kind, count] of found as [AuditKind, number][]) {
		run.found[kind] += count;
		if (own !== null) own.found[kind] += count;
	}
	if (own === null) return;
	own.mended += mended;
	if (own.documents.length < auditLimits.documents)
		own.documents.push({ docId, found: Object.fromEntries(found), mended });
}

/** Null where there are too many tenants with findings. */
function findingsOf(run: AuditRun, tenant: string): TenantFindings | null {
	const known = run.tenants.find((one) => one.tenant === tenant);
	if (known !== undefined || run.tenants.length >= auditLimits.tenants) return known ?? null;
	const made = { tenant, found: nothing(), mended: 0, documents: [] };
	run.tenants.push(made);
	return made;
}

/** A published document; `isWhole`: the index holds all of it. `folder`: the source of a followed folder that owns it. */
export function addToDigests(
	run: AuditRun,
	document: { readonly tenant: string; readonly docId: string; readonly sha256: string },
	isWhole: boolean,
	folder: string | null,
): void {
	const { tenant, docId, sha256 } = document;
	add(run.digest, digestOf(`${tenant.length}:${tenant}${docId}`, sha256), isWhole);
	if (folder === null) return;
	const own = (run.folderDigests[folder] ??= emptyDigests());
	// As the folder's own digests are made, so that they can be compared.
	add(own, digestOf(docId, sha256), isWhole);
}

export const folderDigest = (run: AuditRun, sourceId: string): Digests =>
	run.folderDigests[sourceId] ?? emptyDigests();

function add(digests: Digests, element: bigint, isWhole: boolean): void {
	digests.manifest = plus(digests.manifest, element);
	if (isWhole) digests.index = plus(digests.index, element);
}

const plus = (hex: string, element: bigint): string => digestHex(withElement(BigInt(`0x${hex}`), element));

export const reportOf = (
	{ tenant, repair, startedAt, counts, found, digest, folders, tenants }: AuditRun,
	state: AuditReport['state'],
	endedAt: string | null,
): AuditReport =>
	structuredClone({ tenant, repair, state, startedAt, endedAt, ...counts, found, digest, folders, tenants });
