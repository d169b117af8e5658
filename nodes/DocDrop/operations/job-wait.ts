import { limits } from '../../../api/contract/limits.ts';
import type { JobState, JobView } from '../../../api/contract/job-schema.ts';
import { ItemFailure, nodeFault } from '../failing.ts';
import { until, type Session } from '../session.ts';
import { eachItem } from './each-item.ts';
import { readJob } from './job-calls.ts';

const onTheirWay: readonly JobState[] = ['accepted', 'processing', 'retrying'];
const firstPauseMs = 100;
const maxPauseMs = 2_000;

/** What is known of a job: its newest state, or that the API has no such job; undefined: not asked yet. */
type Known = Map<string, JobView | null>;

/**
 * Looks at all jobs of its items a round, many by one request, until each is final. All share the time since
 * the node began, each with the timeout of its item.
 */
export async function waitForJobs(session: Session) {
	const { clock, signal, parameters } = session;
	const begin = clock.monotonic();
	const known: Known = new Map();
	/** What the last round ended in; every item that still waits fails with it. */
	let lost: { readonly error: unknown } | null = null;
	const timeoutOf = (item: number) => parameters.number('timeout', item, 300) * 1_000;
	const leftMs = (item: number) => begin + timeoutOf(item) - clock.monotonic();
	const isWaiting = (jobId: string) => {
		const job = known.get(jobId);
		return job === undefined || (job !== null && onTheirWay.includes(job.state));
	};

	const asked = askable(session, (item) => ({ jobId: parameters.text('jobId', item), item }));
	for (let pauseMs = firstPauseMs; lost === null; pauseMs = Math.min(pauseMs * 1.6, maxPauseMs)) {
		try {
			await look(session, known, new Set(asked.map(({ jobId }) => jobId).filter(isWaiting)));
		} catch (error) {
			signal?.throwIfAborted();
			lost = { error };
		}
		const left = asked.filter(({ jobId }) => isWaiting(jobId)).map(({ item }) => leftMs(item));
		const longest = Math.max(0, ...left);
		if (longest <= 0 || lost !== null) break;
		await clock.sleep(Math.min(pauseMs, longest), signal);
	}

	return eachItem(session, async (item) => {
		const jobId = parameters.text('jobId', item);
		// A file that vanished has no job, and nothing to wait for.
		if (jobId === '') return session.items[item]?.json ?? {};
		const job = known.get(jobId);
		if (job !== undefined && job !== null && !isWaiting(jobId)) return job;
		if (lost !== null) throw lost.error;
		// The API says in its own words what is wrong with the id.
		if (job === undefined || job === null) return readJob(session, jobId);
		throw tooLate(job, timeoutOf(item));
	});
}

/** Items whose parameters can be read and name a job; eachItem says what is wrong with the others. */
function askable<T extends { readonly jobId: string; readonly item: number }>(
	session: Session,
	read: (item: number) => T,
): T[] {
	return [...session.items.keys()].flatMap((item) => {
		try {
			const found = read(item);
			return jobIdPattern.test(found.jobId) ? [found] : [];
		} catch {
			return [];
		}
	});
}
const jobIdPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

async function look(session: Session, known: Known, jobIds: ReadonlySet<string>): Promise<void> {
	const all = [...jobIds];
	for (let at = 0; at < all.length; at += limits.jobIds) {
		const ids = all.slice(at, at + limits.jobIds);
		const { jobs } = await session.api.request<{ readonly jobs: readonly JobView[] }>({
			method: 'GET',
			path: '/v1/jobs',
			query: { ids: ids.join(',') },
			...until(session),
		});
		const found = new Map(jobs.map((job) => [job.jobId, job]));
		for (const jobId of ids) known.set(jobId, found.get(jobId.toLowerCase()) ?? null);
	}
}

const tooLate = ({ jobId, state }: JobView, timeoutMs: number) =>
	new ItemFailure(
		nodeFault(
			'timeout',
			`job ${jobId} is still ${state} after ${timeoutMs / 1_000} seconds`,
			'Raise the Timeout, or look at the API: GET /health/ready says whether its index and its embedder answer.',
			{ retryable: true },
		),
	);
