import { SingleBar } from 'cli-progress';
import { systemClock } from '../../nodes/watch/clock.ts';
import type { RunningServer } from '../server.ts';
import { count, timeLeft } from './counts.ts';

/**
 * How far the index is behind the folder: a bar on a terminal while there is work, plain lines elsewhere.
 * Returns a function that ends it.
 */
const everyMs = 500;
const lineEveryMs = 5_000;

const documents = (stats: { readonly documents: number }) => count(stats.documents, 'document');

export function showProgress({ app, folder }: RunningServer, isTerminal: boolean): () => void {
	const clock = systemClock;
	let bar: SingleBar | null = null;
	let total = 0;
	let lastLine = -lineEveryMs;
	let hadWork = false;
	/** Changes that had come through when the index was last up to date. */
	let doneBefore: number | null = null;
	let startedAt = clock.monotonic();
	let cancel = () => {};

	async function look(): Promise<void> {
		const stats = await app.docStore.stats();
		const onTheWay = folder?.status().roots.reduce((sum, root) => sum + root.pending + root.inFlight, 0) ?? 0;
		const left = onTheWay + stats.pending;
		const done = (stats.jobs.published ?? 0) + (stats.jobs.deleted ?? 0);
		doneBefore ??= done;
		if (left === 0) {
			// Work that came and went between two looks is told of as well.
			if (hadWork || done > doneBefore) {
				total = Math.max(total, done - doneBefore);
				doneBefore = done;
				end();
				const seconds = ((clock.monotonic() - startedAt) / 1000).toFixed(1);
				console.error(
					`up to date: ${documents(stats)}, ${count(stats.chunks, 'chunk')} (${count(total, 'change')} in ${seconds} s)`,
				);
			}
			hadWork = false;
			total = 0;
			startedAt = clock.monotonic();
			return;
		}
		hadWork = true;
		total = Math.max(total, left);
		if (isTerminal) {
			bar ??= new SingleBar({
				format: '{bar} {value}/{total} changes, {documents} searchable, {eta_formatted}',
				formatTime: timeLeft,
				stream: process.stderr,
				clearOnComplete: true,
			});
			if (!bar.isActive) bar.start(total, total - left, { documents: documents(stats) });
			bar.setTotal(total);
			bar.update(total - left, { documents: documents(stats) });
		} else if (clock.monotonic() - lastLine >= lineEveryMs) {
			lastLine = clock.monotonic();
			console.error(`indexing: ${count(left, 'change')} on the way, ${documents(stats)} searchable`);
		}
	}
	function end(): void {
		bar?.stop();
		bar = null;
	}
	function again(): void {
		cancel = clock.after(everyMs, () => {
			look().then(again, () => end());
		});
	}
	void look().then(again, () => end());
	return () => {
		cancel();
		end();
	};
}
