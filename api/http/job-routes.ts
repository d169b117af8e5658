import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { DocId, JobId, Tenant } from '../contract/id-schema.ts';
import { JobState, JobView } from '../contract/job-schema.ts';
import { limits } from '../contract/limits.ts';
import { DocDropError } from '../errors.ts';
import type { Pipeline } from '../pipeline/index.ts';
import type { DocStore, Job, JobDetail } from '../ports/index.ts';
import { checkAnyTenant, checkTenant } from './access.ts';
import { described, describedList } from './described.ts';
import { next, pageLimit } from './paging.ts';

/** Receipts: look, list, withdraw, try again. */
const Params = Type.Object({ jobId: JobId });
const List = Type.Object(
	{
		tenant: Type.Optional(Tenant),
		docId: Type.Optional(DocId),
		state: Type.Optional(JobState),
		ids: Type.Optional(
			Type.String({
				minLength: 36,
				maxLength: limits.jobIds * 37 - 1,
				description: `Up to ${limits.jobIds} job ids, separated by commas, and nothing else: those of them that are there, in that order.`,
			}),
		),
		after: Type.Optional(JobId),
		limit: pageLimit(50),
	},
	{ additionalProperties: false },
);

const isJobId = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

/** `reason`: what it waits for, where it is in work and waits. */
export function jobView(job: Job, reason: Job['error'] = null): JobView {
	const waiting = job.state === 'processing' && reason !== null;
	return {
		...job,
		...(waiting && { state: 'retrying', error: reason }),
		acceptedAt: new Date(job.acceptedAt).toISOString(),
		updatedAt: new Date(job.updatedAt).toISOString(),
		detail: job.detail === null ? null : detailOf(job.detail),
	};
}

const detailOf = ({ warnings, ...done }: JobDetail) => ({
	...done,
	...(warnings !== undefined && { warnings: [...warnings] }),
});

const refusedError = () =>
	new DocDropError(
		'conflict',
		'this change was refused, and nothing of it was kept: there is nothing to try again',
		{
			field: 'jobId',
			hint: 'Mend what its error names, and send the document again.',
		},
	);

export function jobRoutes(
	app: FastifyInstance,
	{ docStore, pipeline }: { readonly docStore: DocStore; readonly pipeline: Pipeline },
): void {
	const shown = (job: Job): JobView => jobView(job, pipeline.reasonOf(job.jobId));

	async function find(request: FastifyRequest, jobId: string): Promise<Job> {
		const job = await docStore.job(jobId);
		// A job of another tenant is as unknown as one that never was.
		if (job === null || (request.onlyTenant !== null && request.onlyTenant !== job.tenant)) {
			throw new DocDropError('not_found', 'there is no such job, or its receipt is no longer kept', {
				field: 'jobId',
			});
		}
		return job;
	}

	/** The calls of one turn share a transaction. */
	async function named(request: FastifyRequest, ids: string): Promise<Job[]> {
		const found = await Promise.all(
			ids.split(',').map((jobId) => {
				if (isJobId(jobId)) return docStore.job(jobId);
				throw new DocDropError(
					'invalid',
					`ids must be job ids separated by commas, got ${JSON.stringify(jobId.slice(0, 40))}`,
					{ field: 'ids' },
				);
			}),
		);
		const { onlyTenant } = request;
		return found.filter(
			(job): job is Job => job !== null && (onlyTenant === null || onlyTenant === job.tenant),
		);
	}

	app.get<{ Querystring: Static<typeof List> }>(
		'/v1/jobs',
		describedList('receipts', 'List receipts, newest first', {
			querystring: List,
			response: { 200: Type.Object({ jobs: Type.Array(JobView), next }) },
		}),
		async (request) => {
			const { tenant, docId, state, after, limit = 50, ids } = request.query;
			if (ids !== undefined) {
				const other = Object.keys(request.query).find((name) => name !== 'ids');
				if (other !== undefined)
					throw new DocDropError('invalid', `ids must stand alone, got ${other} as well`, { field: 'ids' });
				return { jobs: (await named(request, ids)).map(shown), next: null };
			}
			if (tenant === undefined) checkAnyTenant(request);
			else checkTenant(request, tenant);
			if (docId !== undefined && tenant === undefined) {
				throw new DocDropError('invalid', 'tenant is required with docId', { field: 'tenant' });
			}
			const jobs = await docStore.jobs({
				...(tenant !== undefined && { tenant }),
				...(docId !== undefined && { docId }),
				...(state !== undefined && { state }),
				...(after !== undefined && { after }),
				limit,
			});
			const last = jobs.length === limit ? jobs.at(-1) : undefined;
			return { jobs: jobs.map(shown), next: last?.jobId ?? null };
		},
	);

	app.get<{ Params: Static<typeof Params> }>(
		'/v1/jobs/:jobId',
		described('receipts', 'One receipt', { params: Params, response: { 200: JobView } }),
		async (request) => shown(await find(request, request.params.jobId)),
	);

	for (const [act, summary, refusal] of [
		[
			'cancel',
			'Withdraw a change that waits',
			'only a change that waits, and of which nothing is in the index, can be withdrawn',
		],
		[
			'retry',
			'Try a failed change again',
			'only a failed change that nothing newer has replaced can be tried again',
		],
	] as const) {
		app.post<{ Params: Static<typeof Params> }>(
			`/v1/jobs/:jobId/${act}`,
			described('receipts', summary, { params: Params, response: { 200: JobView } }),
			async (request) => {
				const job = await find(request, request.params.jobId);
				if (!(await pipeline[act](job.jobId))) {
					throw job.refused
						? refusedError()
						: new DocDropError('conflict', `${refusal}; this one is ${job.state}`, { field: 'jobId' });
				}
				return shown(await find(request, job.jobId));
			},
		);
	}
}
