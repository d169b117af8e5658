import type { JobState, JobView } from '../../../api/contract/job.ts';
import { ItemFailure, nodeFault } from '../failing.ts';
import type { Session } from '../session.ts';
import { eachItem } from './each-item.ts';
import { readJob } from './job-calls.ts';

const onTheirWay: readonly JobState[] = ['accepted', 'processing', 'retrying'];
const firstPauseMs = 100;
const maxPauseMs = 2_000;

/**
 * Looks at one job after the other until it is final. Jobs of one batch end together, so that those after the first
 * mostly cost one look each; all share one timeout.
 */
export async function waitForJobs(session: Session) {
	const { clock, signal, parameters } = session;
	const begin = clock.monotonic();
	return eachItem(session, async (item) => {
		const jobId = parameters.text('jobId', item);
		// A file that vanished has no job, and nothing to wait for.
		if (jobId === '') return session.items[item]?.json ?? {};
		const timeoutMs = parameters.number('timeout', item, 300) * 1_000;
		for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.6, maxPauseMs)) {
			const job: JobView = await readJob(session, jobId);
			if (!onTheirWay.includes(job.state)) return job;
			const leftMs = begin + timeoutMs - clock.monotonic();
			if (leftMs <= 0) throw tooLate(job, timeoutMs);
			await clock.sleep(Math.min(pauseMs, leftMs), signal);
		}
	});
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
