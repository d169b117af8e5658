import { SingleBar } from 'cli-progress';
import { systemClock } from '../../nodes/watch/clock.ts';
import type { RunningServer } from '../server.ts';
import { count } from './print.ts';

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
	let startedAt = clock.monotonic();
	let cancel = () => {};

	async function look(): Promise<void> {
		const stats = await app.docStore.stats();
		const onTheWay = folder?.status().roots.reduce((sum, root) => sum + root.pending + root.inFlight, 0) ?? 0;
		const left = onTheWay + stats.pending;
		if (left === 0) {
			if (hadWork) {
				end();
				const seconds = ((clock.monotonic() - startedAt) / 1000).toFixed(1);
				console.error(
					`up to date: ${documents(stats)}, ${count(stats.chunks, 'chunk')} (${count(total, 'change')} in ${seconds} s)`,
				);
			}
			hadWork = false;
			total = 0;
			return;
		}
		if (!hadWork) startedAt = clock.monotonic();
		hadWork = true;
		total = Math.max(total, left);
		const done = total - left;
		if (isTerminal) {
			bar ??= new SingleBar({
				format: '{bar} {value}/{total} changes, {documents} searchable, {eta_formatted} left',
				stream: process.stderr,
				clearOnComplete: true,
			});
			if (!bar.isActive) bar.start(total, done, { documents: documents(stats) });
			bar.setTotal(total);
			bar.update(done, { documents: documents(stats) });
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
	again();
	return () => {
		cancel();
		end();
	};
}
