import { h, setText, svg } from './dom.ts';
import { clockTime } from './figures.ts';
import { beginOf, height, nearest, placed, type Point, width } from './plot-places.ts';

/**
 * One figure over time: a line with its newest value above it. It is drawn by the page's own styles, so that it follows
 * dark and light; a pointer or the arrow keys read a value at a time.
 */
interface PlotSettings {
	readonly title: string;
	readonly format: (value: number) => string;
}

export function createLinePlot({ title, format }: PlotSettings) {
	const now = h('strong');
	const range = h('span', { class: 'soft' });
	const line = svg('path', { class: 'line' });
	const area = svg('path', { class: 'area' });
	const cursor = svg('line', { class: 'cursor', y1: 0, y2: height });
	const picture = svg(
		'svg',
		{ viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img', tabindex: 0 },
		area,
		line,
		cursor,
	);
	const reading = h('span', { class: 'soft', 'aria-live': 'polite' });
	const node = h(
		'figure',
		{ class: 'plot' },
		h('figcaption', {}, h('span', {}, title), now),
		picture,
		h('p', { class: 'axis' }, range, reading),
	);
	let shown: { points: readonly Point[]; from: number; to: number } = { points: [], from: 0, to: 1 };
	let at: number | null = null;

	function read(index: number | null): void {
		const point = index === null ? undefined : shown.points[index];
		at = point === undefined ? null : index;
		cursor.toggleAttribute('hidden', point === undefined);
		setText(reading, point === undefined ? '' : `${clockTime(point.at)}: ${format(point.value)}`);
		if (point === undefined) return;
		const x = String((width * (point.at - shown.from)) / (shown.to - shown.from));
		cursor.setAttribute('x1', x);
		cursor.setAttribute('x2', x);
	}
	picture.addEventListener('pointermove', (event) => {
		const { left, width: wide } = picture.getBoundingClientRect();
		const time = shown.from + ((event.clientX - left) / wide) * (shown.to - shown.from);
		read(nearest(shown.points, time));
	});
	picture.addEventListener('pointerleave', () => read(null));
	picture.addEventListener('blur', () => read(null));
	picture.addEventListener('keydown', (event) => {
		const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
		if (step === undefined) return;
		event.preventDefault();
		const last = shown.points.length - 1;
		read(Math.min(last, Math.max(0, (at ?? last) + (at === null ? 0 : step))));
	});
	read(null);

	return {
		node,
		draw(points: readonly Point[], spanMs: number, to: number): void {
			const from = beginOf(points, to - spanMs, to);
			shown = { points: points.filter((point) => point.at >= from), from, to };
			const places = placed(points, shown);
			const path = places.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join(' L ');
			line.setAttribute('d', places.length === 0 ? '' : `M ${path}`);
			const [first, last] = [places[0], places.at(-1)];
			area.setAttribute(
				'd',
				first === undefined || last === undefined
					? ''
					: `M ${first[0]} ${height} L ${path} L ${last[0]} ${height} Z`,
			);
			const newest = shown.points.at(-1);
			const most = Math.max(0, ...shown.points.map(({ value }) => value));
			const current = newest === undefined ? '–' : format(newest.value);
			setText(now, current);
			setText(
				range,
				newest === undefined ? 'no figures yet' : `since ${clockTime(from)} · most ${format(most)}`,
			);
			picture.setAttribute(
				'aria-label',
				`${title}: now ${current}, most ${format(most)}. Arrow keys read values.`,
			);
			read(at);
		},
	};
}
