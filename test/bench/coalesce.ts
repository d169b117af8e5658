import { setTimeout as sleep } from 'node:timers/promises';
import { createInProcessExtractor } from '../../api/adapters/extractors/in-process.ts';
import type { BatchResponse } from '../../api/contract/batch-schema.ts';
import type { JobView } from '../../api/contract/job-schema.ts';
import type { Bench, Result } from './bench.ts';
import { startDocDrop, type DocDrop } from './docdrop-process.ts';
import { indexFile, readIndex } from './index-points.ts';
import { printTable, round } from './table.ts';
import { waitUntil } from './wait-until.ts';

/** Autosave: 100 documents are saved 100 times each within 4 s, in batches, with the window as it is set by default. */
const documents = 100;
const saves = 100;
const overMs = 4_000;
const tenant = 'bench';

const docIdOf = (index: number) => `notes/${index}.txt`;
const contentOf = (index: number, save: number) =>
	`Note ${index}, save ${save}.\n${'What was written before stays as it is. '.repeat(20)}\nThe last word: ${save}.`;

export async function run(bench: Bench): Promise<Result> {
	const dataDir = await bench.temp();
	const server = await startDocDrop(bench, ['serve'], dataDir);
	const receipts: { readonly jobId: string; readonly docId: string; readonly save: number }[] = [];
	const start = performance.now();
	for (let save = 1; save <= saves; save += 1) {
		const wait = start + ((save - 1) * overMs) / saves - performance.now();
		if (wait > 0) await sleep(wait, undefined, { signal: bench.signal });
		const { status, body } = await server.post<BatchResponse>('/v1/ingest/batch', {
			documents: Array.from({ length: documents }, (_, index) => ({
				tenant,
				docId: docIdOf(index),
				content: { text: contentOf(index, save) },
			})),
		});
		if (status !== 202 || body.errors) throw new Error(`a batch was answered ${status}`);
		for (const { receipt } of body.results) {
			if (receipt !== undefined) receipts.push({ jobId: receipt.jobId, docId: receipt.docId, save });
		}
	}
	const seconds = (performance.now() - start) / 1000;
	await waitUntil(async () => (await server.status()).pending === 0, 50, bench.signal);

	const jobs = await allJobs(server);
	await server.stop();
	const faults: string[] = [];
	const published = [...jobs.values()].filter((job) => job.state === 'published').length;
	const superseded = [...jobs.values()].filter((job) => job.state === 'superseded').length;
	const unended = receipts.filter(({ jobId, docId }) => !endsPublished(jobs, jobId, docId)).length;
	if (unended > 0) faults.push(`${unended} receipts do not lead to a published one of their document`);
	if (published + superseded !== receipts.length)
		faults.push(`${receipts.length} receipts, but ${published} published and ${superseded} superseded`);

	const index = await readIndex(indexFile(dataDir));
	const extractor = createInProcessExtractor();
	let wrong = 0;
	for (let at = 0; at < documents; at += 1) {
		const content = Buffer.from(contentOf(at, saves));
		const { chunks } = await extractor.extract({ content, mimeType: 'text/plain' });
		const held = (index.get(docIdOf(at)) ?? []).map((point) => point.content);
		if (JSON.stringify(held) !== JSON.stringify(chunks.map((chunk) => chunk.text))) wrong += 1;
	}
	if (wrong > 0) faults.push(`${wrong} documents do not hold their last content`);

	const submitted = receipts.length;
	const removedShare = 1 - published / submitted;
	printTable([
		['submitted', submitted, `${saves} saves of ${documents} documents over ${round(seconds, 1)} s`],
		['published', published],
		['superseded', superseded, `each names by which; ${unended} chains do not end in a published one`],
		['removed share', round(removedShare, 3), 'goal: at least 0.9'],
		['last content held', `${documents - wrong} of ${documents}`, 'read from the index itself'],
	]);
	return {
		figures: { submitted, published, superseded, removedShare: round(removedShare, 4), seconds: round(seconds), wrong },
		faults,
	}; // prettier-ignore
}

async function allJobs(server: DocDrop): Promise<Map<string, JobView>> {
	const jobs = new Map<string, JobView>();
	for (let after: string | null = ''; after !== null;) {
		const page: string = after === '' ? '' : `&after=${after}`;
		const { body } = await server.get<{ jobs: JobView[]; next: string | null }>(
			`/v1/jobs?tenant=${tenant}&limit=500${page}`,
		);
		for (const job of body.jobs) jobs.set(job.jobId, job);
		after = body.next;
	}
	return jobs;
}

/** Follows `supersededBy`, which must lead to newer changes of the same document, to a published one. */
function endsPublished(jobs: ReadonlyMap<string, JobView>, jobId: string, docId: string): boolean {
	let job = jobs.get(jobId);
	while (job?.state === 'superseded' && job.docId === docId) {
		const next: JobView | undefined = jobs.get(job.supersededBy ?? '');
		if (next === undefined || next.version <= job.version) return false;
		job = next;
	}
	return job?.state === 'published' && job.docId === docId;
}
