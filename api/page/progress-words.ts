import type { ProgressView } from '../contract/progress-schema.ts';
import { count, duration, number } from './figures.ts';

/** What stands under the bar of a tenant. Pure. */
export function progressWords({ pending, failed, filesPerMinute, secondsLeft, total }: ProgressView): string {
	if (total === 0) return 'no documents';
	const failures = failed === 0 ? [] : [`${number(failed)} failed`];
	if (pending === 0) return [count(total, 'document'), 'nothing waits', ...failures].join(' · ');
	return [
		`${number(total - pending)} of ${count(total, 'document')}`,
		`${number(filesPerMinute)} a minute`,
		secondsLeft === null ? 'nothing moves' : `${duration(secondsLeft)} left`,
		...failures,
	].join(' · ');
}
