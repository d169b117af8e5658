import type { SearchResponse } from '../contract/search-schema.ts';
import type { Explained, Status } from './api-client.ts';

/** What the commands say, as text for a person. */
const clip = (text: string, length: number) => {
	const line = text.replace(/\s+/g, ' ').trim();
	return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
};
/** 1 change, 2 changes, 1,234 changes. */
export const count = (n: number, one: string, many = `${one}s`) =>
	`${n.toLocaleString('en')} ${n === 1 ? one : many}`;

/** `seconds` as cli-progress guesses them: words, where it cannot. */
export function timeLeft(seconds: unknown): string {
	if (typeof seconds !== 'number' || !Number.isFinite(seconds)) return 'time left unknown';
	const minutes = Math.floor(seconds / 60);
	if (minutes === 0) return `${Math.round(seconds)} s left`;
	return minutes < 60 ? `${minutes} min left` : `${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
}

export function printSearch({ results, hint, tookMs }: SearchResponse, query: string): string {
	const note = hint === null ? '' : `\n${hint}`;
	if (results.length === 0) return `Nothing found for ${JSON.stringify(query)}.${note}`;
	const lines = results.map((hit, index) => {
		const title = hit.heading ?? hit.title;
		return [
			`${String(index + 1).padStart(2)}. ${hit.path ?? hit.docId}${title === null ? '' : `  (${clip(title, 80)})`}`,
			`    ${clip(hit.content, 200)}`,
		].join('\n');
	});
	return `${lines.join('\n')}\n\n${count(results.length, 'result')} in ${Math.round(tookMs)} ms${note}`;
}

export function printStatus(status: Status, where: string | null): string {
	const state = (breaker: string) => (breaker === 'closed' ? '' : `, not answering (breaker ${breaker})`);
	const lines = [
		where === null ? 'not running; the store was read directly' : `running on ${where}`,
		`index      ${count(status.documents, 'document')}, ${count(status.chunks, 'chunk')} (${status.index.kind}${state(status.index.breaker)})`,
		`embedder   ${status.embedder.model}${state(status.embedder.breaker)}`,
		...(status.embedder.fault === null
			? []
			: [`WAITING    for the embedder: ${status.embedder.fault.message} (${status.embedder.fault.code})`]),
		`queue      ${count(status.pending, 'document')} waiting, ${status.inWork.toLocaleString('en')} in work` +
			(status.pending > 0 ? `, oldest for ${Math.round(status.oldestPendingSeconds)} s` : ''),
		`failed     ${count(status.failed, 'document')}${status.failed > 0 ? ' (docdrop explain FILE says why)' : ''}`,
	];
	const { newest, ...refused } = status.refused;
	if (newest !== null) {
		const { tenant, docId, error } = newest;
		lines.push(
			`REFUSED    ${count(refused.count, 'change')}; the newest: ${docId} (tenant ${tenant}): ${error?.message ?? ''}`,
			`           docdrop explain FILE says why; GET /v1/jobs?state=failed lists them all`,
		);
	}
	for (const folder of status.folders) {
		if (folder.snapshot.held > 0) {
			lines.push(
				`HELD       ${count(folder.snapshot.held, 'document')} of a folder state that was lost: their files are gone; docdrop release deletes them`,
			);
		}
		for (const root of folder.roots) {
			const seen = root.verifiedAt === null ? 'not yet verified' : `verified ${root.verifiedAt}`;
			lines.push(`folder     ${root.label} (tenant ${folder.tenant})`);
			lines.push(
				`           ${count(root.files, 'file')}, ${root.pending + root.inFlight} on their way, ${seen}` +
					(root.skippedCount > 0 ? `, ${root.skippedCount} skipped` : ''),
			);
			const isWhole = root.digest === root.deliveredDigest;
			const polled = root.mode === 'poll' ? ', polled' : '';
			lines.push(
				`           ${isWhole ? 'all of it handed over' : 'not all of it handed over yet'}${polled}` +
					` (digest ${root.digest.slice(0, 12)}…)`,
			);
			if (root.held !== null) {
				lines.push(`           HELD: ${count(root.held.count, 'deletion')} since ${root.held.since}`);
				lines.push(`           because ${root.held.reason}; docdrop release lets them go`);
			}
			for (const { relPath, reason } of root.failed.slice(0, 5))
				lines.push(`           refused: ${relPath}: ${reason}`);
			if (root.failedCount > 5) lines.push(`           … and ${root.failedCount - 5} more`);
		}
	}
	return lines.join('\n');
}

export function explain(docId: string, { file, document, jobs }: Explained): string {
	const lines = [docId];
	if (file === null) lines.push('  folder     no running process follows it');
	else if (file.excluded !== null) lines.push(`  folder     left out: ${file.excluded}`);
	else if (file.row === null && file.phase === null) lines.push('  folder     not seen');
	else {
		const { note, seq } = (file.row ?? {}) as { note?: string; seq?: number };
		const since = file.since === null ? '' : ` since ${file.since}`;
		const last = note === undefined ? 'on its way for the first time' : `last: ${note} (seq ${seq ?? 0})`;
		lines.push(`  folder     ${file.phase ?? 'unknown'}${since}; ${last}`);
	}
	if (document === null) lines.push('  document   not known to the API');
	else {
		const { state, version, published, error } = document as {
			state: string;
			version: number;
			published: { chunks: number; publishedAt: string; contentSha256: string } | null;
			error: { code: string; message: string } | null;
		};
		lines.push(`  document   ${state}, version ${version}`);
		lines.push(
			published === null
				? '  index      holds nothing of it'
				: `  index      ${count(published.chunks, 'chunk')} since ${published.publishedAt}, sha256 ${published.contentSha256.slice(0, 12)}…`,
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
