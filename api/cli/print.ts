import type { DocumentsPage, Explained, Status, ToldFile } from './api-client.ts';
import { count } from './counts.ts';
import { auditLine } from './print-audit.ts';
import { folderLines, folderTroubles } from './print-folders.ts';

/** What the commands say, as text for a person. */

/** What is wrong comes first: the rest is read by whoever has nothing to see to. */
export function printStatus(status: Status, where: string | null): string {
	const { index, embedder, folders, reports } = status;
	return [
		where === null ? 'not running; the store was read directly' : `running on ${where}`,
		...troubles(status),
		...folderTroubles(folders, reports),
		`index      ${count(status.documents, 'document')}, ${count(status.chunks, 'chunk')} (${index.kind})`,
		...(index.audit === null ? [] : [auditLine(index.audit.last)]),
		`embedder   ${embedder.model}`,
		`queue      ${count(status.pending, 'document')} waiting, ${status.inWork.toLocaleString('en')} in work` +
			(status.pending > 0 ? `, oldest for ${Math.round(status.oldestPendingSeconds)} s` : ''),
		...(status.failed === 0 ? ['failed     0 documents'] : []),
		...folderLines(folders, reports),
	].join('\n');
}

function troubles({ index, embedder, failed, refused: { newest, count: refused } }: Status): string[] {
	const silent = (name: string, { breaker }: { readonly breaker: string }) =>
		breaker === 'closed' ? [] : [`AWAY       the ${name} does not answer (breaker ${breaker})`];
	return [
		...silent('index', index),
		...silent('embedder', embedder),
		...(embedder.fault === null
			? []
			: [`WAITING    for the embedder: ${embedder.fault.message} (${embedder.fault.code})`]),
		...(failed === 0 ? [] : [`FAILED     ${count(failed, 'document')} (docdrop explain FILE says why)`]),
		...(newest === null
			? []
			: [
					`REFUSED    ${count(refused, 'change')}; the newest: ${newest.docId} (tenant ${newest.tenant}): ${newest.error?.message ?? ''}`,
					`           docdrop explain FILE says why; GET /v1/jobs?state=failed lists them all`,
				]),
	];
}

export function printDocuments({ documents, next }: DocumentsPage): string {
	if (documents.length === 0) return 'No document.';
	const lines = documents.map(({ docId, state, title, metadata }) => {
		const names = Object.keys(metadata).length === 0 ? '' : `  ${JSON.stringify(metadata)}`;
		return `${state.padEnd(11)}${docId}${title === null ? '' : `  (${title})`}${names}`;
	});
	return [...lines, ...(next === null ? [] : ['…and more: raise --limit, or narrow --filter'])].join('\n');
}

export function explain(docId: string, { file, document, jobs }: Explained): string {
	const lines = [docId];
	if (file === null) lines.push('  folder     no running process tells of it');
	else if (file.told !== undefined) lines.push(...toldLines(file.told));
	else if (file.excluded !== null) lines.push(`  folder     left out: ${file.excluded}`);
	else if (file.row === null && file.phase === null) lines.push('  folder     not seen');
	else {
		const { note, seq } = (file.row ?? {}) as { note?: string; seq?: number };
		const since = file.since === undefined || file.since === null ? '' : ` since ${file.since}`;
		const last = note === undefined ? 'on its way for the first time' : `last: ${note} (seq ${seq ?? 0})`;
		lines.push(`  folder     ${file.phase ?? 'unknown'}${since}; ${last}`);
	}
	if (document === null) lines.push('  document   not known to the API');
	else {
		const { state, version, published, error, sourceId, sourceName } = document as {
			state: string;
			version: number;
			sourceId: string;
			sourceName: string | null;
			published: { chunks: number; publishedAt: string; contentSha256: string } | null;
			error: { code: string; message: string } | null;
		};
		lines.push(`  document   ${state}, version ${version}`);
		lines.push(`  owner      ${sourceName === null ? sourceId : `${sourceName} (${sourceId})`}`);
		lines.push(
			published === null
				? '  index      holds nothing of it'
				: `  index      ${count(published.chunks, 'chunk')} since ${published.publishedAt}, sha256 ${published.contentSha256.slice(0, 12)}…` +
						(state === 'failed' ? ', of what it was before' : ''),
		);
		if (error !== null) lines.push(`  error      ${error.code}: ${error.message}`);
	}
	if (jobs.length > 0) lines.push('  receipts, newest first:');
	for (const job of jobs) {
		const detail = Object.entries(job.detail ?? {}).map(([name, value]) => `${name} ${String(value)}`);
		const more = [
			...(job.supersededBy === null ? [] : [`by ${job.supersededBy}`]),
			...(job.attempts > 0 ? [`${job.attempts} failed tries`] : []),
			...(job.error === null ? [] : [`${job.error.code}: ${job.error.message}`]),
			...detail,
		];
		lines.push(`    ${job.acceptedAt}  ${job.op.padEnd(6)} ${job.state.padEnd(10)} ${more.join(', ')}`);
	}
	return lines.join('\n');
}

/** Of a folder that a workflow watches. */
function toldLines({ name, label, toldAt, isSilent, reason }: ToldFile): string[] {
	const since = isSilent ? ', silent since' : '';
	return [
		`  folder     ${label}, watched by ${name} (told ${toldAt}${since})`,
		...(reason === null ? [] : [`  left out   ${reason}`]),
	];
}
