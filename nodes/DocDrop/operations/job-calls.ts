import type { JobView } from '../../../api/contract/job-schema.ts';
import { until, type Session } from '../session.ts';
import { eachItem } from './each-item.ts';
import { filled, readPages } from './pages.ts';

/** One receipt: looked at, withdrawn, or tried again. */
const call = (session: Session, jobId: string, act: 'cancel' | 'retry' | null) =>
	session.api.request<JobView>({
		method: act === null ? 'GET' : 'POST',
		path: `/v1/jobs/${encodeURIComponent(jobId)}${act === null ? '' : `/${act}`}`,
		...until(session),
	});

export const readJob = (session: Session, jobId: string) => call(session, jobId, null);

const ofEach = (act: 'cancel' | 'retry' | null) => (session: Session) =>
	eachItem(session, (item) => call(session, session.parameters.required('jobId', 'Job ID', item), act));

export const getJob = ofEach(null);
export const cancelJob = ofEach('cancel');
export const retryJob = ofEach('retry');

export async function getManyJobs(session: Session) {
	const { parameters } = session;
	return eachItem(session, (item) => {
		const tenant = parameters.text('tenant', item);
		return readPages(session, item, {
			path: '/v1/jobs',
			list: 'jobs',
			query: {
				...(tenant !== '' && { tenant }),
				...filled(parameters.options('filters', item), ['docId', 'state']),
			},
		});
	});
}
