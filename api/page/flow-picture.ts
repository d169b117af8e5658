import type { Overview } from '../contract/overview-schema.ts';
import { h, keyedList, setClass, setText, type Row } from './dom.ts';
import { number } from './figures.ts';
import { isMoving, type Stage, stagesOf } from './flow-stages.ts';

/** The way from files to points: a card for each step, and a line between them that moves while something does. */
export function createFlowPicture(): { readonly node: HTMLElement; draw(overview: Overview): void } {
	const list = h('ol', { class: 'flow', 'aria-label': 'The way from files to points' });
	const rate = h('p', { class: 'rate' });
	const drawStages = keyedList<Stage>(list, ({ id }) => id, stageCard);
	return {
		node: h('section', { class: 'flow-picture' }, list, rate),
		draw(overview) {
			drawStages(stagesOf(overview));
			setClass(list, isMoving(overview) ? 'flow moving' : 'flow');
			const { filesPerMinute } = overview.progress;
			setText(
				rate,
				filesPerMinute === 0
					? 'Nothing has moved in the last minute.'
					: `${number(filesPerMinute)} changes a minute`,
			);
		},
	};
}

function stageCard(): Row<Stage> {
	const title = h('h3');
	const figure = h('strong');
	const unit = h('span');
	const state = h('span', { class: 'state' });
	const lines = h('p', { class: 'lines' });
	const node = h(
		'li',
		{},
		h('div', { class: 'head' }, title, state),
		h('p', { class: 'figure' }, figure, ' ', unit),
		lines,
	);
	return {
		node,
		update(stage) {
			setText(title, stage.title);
			setText(figure, stage.figure);
			setText(unit, stage.unit);
			setText(state, stage.state);
			setClass(state, `state ${stage.tone}`);
			setText(lines, stage.lines.join('\n'));
			node.setAttribute('data-stage', stage.id);
		},
	};
}
