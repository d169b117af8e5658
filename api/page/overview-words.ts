import type { Overview } from '../contract/overview-schema.ts';
import { count, duration, number } from './figures.ts';
import type { Tone } from './tone.ts';

/** What an overview says in words, the most important first. Pure. */
export interface Said {
	readonly tone: Tone;
	readonly text: string;
	readonly more?: string;
	/** Where the page shows it. */
	readonly link?: { readonly text: string; readonly href: string };
}

export function headline({ progress, folders }: Overview): Said {
	const { pending, total, failed, secondsLeft } = progress;
	if (pending > 0) {
		const left =
			secondsLeft === null ? 'Nothing moves at the moment.' : `About ${duration(secondsLeft)} left.`;
		return { tone: 'busy', text: `${count(pending, 'document')} on the way`, more: left };
	}
	const seen = folders.reduce((sum, folder) => sum + folder.pending + folder.inFlight, 0);
	if (seen > 0)
		return {
			tone: 'busy',
			text: `${count(seen, 'file')} on the way`,
			more: 'They were seen, and are being sent.',
		};
	if (total === 0)
		return {
			tone: 'idle',
			text: 'Nothing here yet',
			more: 'Drop files into a followed folder, or add some here.',
		};
	if (failed > 0)
		return {
			tone: 'warn',
			text: `Up to date, but for ${count(failed, 'document')}`,
			more: `${count(total - failed, 'document is', 'documents are')} in the index, nothing waits.`,
		};
	return { tone: 'ok', text: 'The index is up to date', more: `${count(total, 'document')}, nothing waits.` };
}

/** What a person should look at. */
export function troubles(overview: Overview): Said[] {
	const { index, embedder, progress, alerts, folders, lanes } = overview;
	const paused = folders.filter(({ held }) => held !== null);
	return [
		...(index.breaker === 'closed'
			? []
			: [
					{
						tone: 'bad',
						text: 'The vector index does not answer.',
						more: 'Changes wait on disk; it is asked again by itself.',
					} as const,
				]),
		...(embedder.fault === null
			? embedder.breaker === 'closed'
				? []
				: [
						{
							tone: 'bad',
							text: 'The embedder does not answer.',
							more: 'Changes wait on disk; it is asked again by itself.',
						} as const,
					]
			: [{ tone: 'bad', text: 'Documents wait for the embedder.', more: embedder.fault.message } as const]),
		...checkTroubles(index.check?.state),
		...paused.map(
			({ label, held }) =>
				({
					tone: 'warn',
					text: `${count(held?.count ?? 0, 'deletion')} paused in ${label}.`,
					more: held?.reason ?? '',
				}) as const,
		),
		...(progress.failed === 0
			? []
			: [
					{
						tone: 'bad',
						text: `${count(progress.failed, 'document')} could not be taken in.`,
						link: { text: 'See why, and retry', href: '#/documents?state=failed' },
					} as const,
				]),
		...(progress.refused === 0
			? []
			: [
					{
						tone: 'warn',
						text: `${count(progress.refused, 'change')} refused for good.`,
						more: 'GET /v1/jobs?state=failed lists them.',
					} as const,
				]),
		...(alerts.includes('pending') ? [{ tone: 'warn', text: 'Much waits in the queue.' } as const] : []),
		...(alerts.includes('errors') ? [{ tone: 'warn', text: 'Much fails at the moment.' } as const] : []),
		...(lanes === null || lanes.level === 'ok' || progress.pending === 0
			? []
			: [
					{
						tone: 'warn',
						text: 'Documents wait for their turn to be written.',
						more: `${number(lanes.waitMeanMs)} ms on average.`,
					} as const,
				]),
	];
}

function checkTroubles(state: string | undefined): Said[] {
	if (state === 'mending') return [{ tone: 'warn', text: 'The index lost something, and is being mended.' }];
	if (state === 'newer')
		return [{ tone: 'bad', text: 'The index holds versions that this process has never seen.' }];
	if (state === 'unsound')
		return [{ tone: 'bad', text: 'The index lost something that could not be mended yet.' }];
	return [];
}
