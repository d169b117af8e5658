import type { OverviewHistory } from '../contract/overview-schema.ts';
import { ask } from './ask-api.ts';
import { h } from './dom.ts';
import { bytes, number } from './figures.ts';
import { createLinePlot } from './line-plot.ts';

/** The last hour, or the last day, of what tells how it goes. */
const spans = { hour: 3_600_000, day: 86_400_000 } as const;
type Span = keyof typeof spans;
const askEveryMs = 10_000;

export function createTrendPlots(): { readonly node: HTMLElement; follow(signal: AbortSignal): void } {
	const plots = [
		{ plot: createLinePlot({ title: 'Changes a minute', format: number }), of: 'perMinute' },
		{ plot: createLinePlot({ title: 'Waiting', format: number }), of: 'pending' },
		{ plot: createLinePlot({ title: 'Failed', format: number }), of: 'failed' },
		{ plot: createLinePlot({ title: 'Memory', format: bytes }), of: 'memoryBytes' },
	] as const;
	let span: Span = 'hour';
	let history: OverviewHistory = { hour: [], day: [] };

	function draw(): void {
		for (const { plot, of } of plots)
			plot.draw(
				history[span].map((sample) => ({ at: sample.at, value: sample[of] })),
				spans[span],
				Date.now(),
			);
		for (const button of choices)
			button.setAttribute('aria-pressed', String(button.dataset['span'] === span));
	}
	const choices = (['hour', 'day'] as const).map((one) =>
		h(
			'button',
			{ type: 'button', 'data-span': one, onclick: () => ((span = one), draw()) },
			one === 'hour' ? 'Last hour' : 'Last day',
		),
	);
	const node = h(
		'section',
		{ 'aria-labelledby': 'trends', hidden: true },
		h(
			'div',
			{ class: 'head' },
			h('h2', { id: 'trends' }, 'Over time'),
			h('div', { class: 'choice' }, ...choices),
		),
		h('div', { class: 'plots' }, ...plots.map(({ plot }) => plot.node)),
	);
	draw();
	return {
		node,
		/** Hidden from those whose key is of one tenant: the figures are of all. */
		follow(signal) {
			const next = async (): Promise<void> => {
				if (signal.aborted) return;
				try {
					history = await ask<OverviewHistory>('v1/overview/history', { signal });
					node.hidden = false;
					draw();
				} catch {
					// The connection's own state is shown at the top.
				}
				if (!signal.aborted) setTimeout(() => void next(), askEveryMs);
			};
			void next();
		},
	};
}
