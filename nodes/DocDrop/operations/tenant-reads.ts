/** What there is of tenants: their names, and how far the documents of one are. */
import type { TenantStatusItem } from '../output-items.ts';
import { until, type Session } from '../session.ts';
import { eachItem } from './each-item.ts';
import { readPages } from './pages.ts';
import { refuseUnknownTenant } from './unknown-tenant.ts';

/** What GET /v1/progress answers of a tenant. */
interface Progress {
	readonly total: number;
	readonly processed: number;
	readonly pending: number;
	readonly failed: number;
	/** An older API does not say. */
	readonly refused?: number;
	readonly percent: number;
	readonly filesPerMinute: number;
	readonly secondsLeft: number | null;
}

export async function getTenantStatus(session: Session) {
	const { api, parameters } = session;
	return eachItem(session, async (item): Promise<TenantStatusItem> => {
		const tenant = parameters.required('tenant', 'Tenant', item);
		const progress = await api.request<Progress>({
			method: 'GET',
			path: '/v1/progress',
			query: { tenant },
			...until(session),
		});
		if (progress.total === 0) await refuseUnknownTenant(session, tenant);
		const { total, processed, pending: waiting, failed, refused = 0, percent, secondsLeft } = progress;
		return {
			tenant,
			summary: inWords(progress),
			...{ total, processed, waiting, failed, refused, percent },
			perMinute: progress.filesPerMinute,
			secondsLeft,
		};
	});
}

export const getManyTenants = (session: Session) =>
	eachItem(session, (item) => readPages(session, item, { path: '/v1/tenants', list: 'tenants', query: {} }));

const count = (value: number): string => value.toLocaleString('en');

/** As a person would say it, for a message or a page. */
function inWords({ total, processed, pending, failed, refused = 0, percent, secondsLeft }: Progress): string {
	const failures = [
		...(failed === 0 ? [] : [`${count(failed)} failed`]),
		...(refused === 0
			? []
			: [
					`${count(refused)} ${refused === 1 ? 'was' : 'were'} refused (Job, Get Many, with State: Failed says why)`,
				]),
	];
	if (total === 0) return ['There are no documents', ...failures].join(', ');
	if (pending === 0) {
		const there =
			failed === 0
				? `All ${count(total)} documents are`
				: `${count(processed)} of ${count(total)} documents are`;
		return [`${there} in the index`, ...failures].join(', ');
	}
	const left = secondsLeft === null ? 'nothing moves at present' : `about ${duration(secondsLeft)} left`;
	return [
		`${count(processed)} of ${count(total)} documents are in the index (${percent} %)`,
		`${count(pending)} wait`,
		...failures,
		left,
	].join(', ');
}

/** In the largest unit of which there is more than one. */
function duration(seconds: number): string {
	const units = [
		['hours', 3_600],
		['minutes', 60],
	] as const;
	for (const [name, size] of units) {
		if (seconds >= 2 * size) return `${count(Math.round(seconds / size))} ${name}`;
	}
	return seconds === 1 ? '1 second' : `${count(seconds)} seconds`;
}
