import type { AuditReport } from '../contract/audit-schema.ts';
import { count } from './counts.ts';

/** What an audit found, as text for a person. */
const meanings: Readonly<Record<string, string>> = {
	missing: 'not in the index',
	changed: 'with another text than was published',
	stale: 'of an earlier version',
	misordered: 'at another place in their document',
	surplus: 'published by nothing',
	doubled: 'there twice',
	newer: 'of a version that the store has never seen; left alone',
	folder: 'not published as the folder has them',
};

export function printAudit(report: AuditReport): string {
	const { tenant, endedAt, documents, points, found, mended, left, inWork, earlier, digest, tenants } =
		report;
	const of = tenant === null ? '' : ` of tenant ${tenant}`;
	const kinds = Object.entries(found).filter(([, many]) => many > 0);
	return [
		`audit${of}, ended ${endedAt ?? 'never'}: ${count(documents, 'document')}, ${count(points, 'point')}`,
		...(kinds.length === 0 ? ['  all of it is as it was published'] : []),
		...kinds.map(([kind, many]) => {
			const what = kind === 'folder' ? count(many, 'file') : count(many, 'point');
			return `  ${kind.padEnd(10)} ${what} ${meanings[kind] ?? ''}`.trimEnd();
		}),
		...(kinds.length === 0
			? []
			: [`  mended ${mended.toLocaleString('en')}, left ${left.toLocaleString('en')}`]),
		...tenants.flatMap((one) =>
			one.documents.map((document) => {
				const what = Object.entries(document.found).map(([kind, many]) => `${kind} ${many}`);
				return `    ${one.tenant}  ${document.docId}: ${what.join(', ')}; mended ${document.mended}`;
			}),
		),
		...(inWork === 0 ? [] : [`  passed over: ${count(inWork, 'document')} in work all the time`]),
		...(earlier === 0
			? []
			: [
					`  made by an earlier version or setting: ${count(earlier, 'document')} (send them again to renew them)`,
				]),
		`  digest     manifest ${digest.manifest.slice(0, 12)}…, index ${digest.index.slice(0, 12)}…`,
		...report.folders.map(
			(folder) =>
				`  folder     ${count(folder.files, 'file')}, delivered ${folder.digest.delivered.slice(0, 12)}…, index ${folder.digest.index.slice(0, 12)}…`,
		),
	].join('\n');
}

/** The line of the last proof, for `docdrop status`. */
export function auditLine(report: AuditReport | null): string {
	if (report === null) return 'audit      never (docdrop audit)';
	const { endedAt, points, found, left, digest } = report;
	const all = Object.values(found).reduce((sum, many) => sum + many, 0);
	const what =
		all === 0 ? 'nothing found' : `${all.toLocaleString('en')} found, ${left.toLocaleString('en')} left`;
	return `audit      ${endedAt ?? ''}: ${count(points, 'point')}, ${what} (digest ${digest.index.slice(0, 12)}…)`;
}
