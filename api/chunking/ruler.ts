/**
 * How far into a section's text a position is: in characters, or in tokens. Cuts are decided by these distances, so that
 * one rule serves both.
 *
 * Tokens are counted from each possible cut to the next one, once. The sum is what a tokenizer makes of the whole where
 * cuts lie between words, and a little more where they lie within what it would have read as one.
 */
import { firstAbove } from './first-above.ts';
import type { CountTokens, SectionSizes } from './chunk-sizes.ts';

/** A part of a section's text, and the position of its first character. */
export interface TextWindow {
	readonly text: string;
	readonly base: number;
}

export interface Ruler {
	/** Of the next possible cut; each lies behind the last one. */
	measure(window: TextWindow, position: number): number;
	/** Of a position that was measured. */
	at(position: number): number;
	/** Of the last position that was measured. */
	reached(): number;
	/** The first measured position from which on the text before `position` is at most `size`. */
	back(position: number, size: number): number;
	/** Nothing before this position will be asked for. */
	forget(before: number): void;
}

export const rulerFor = ({ tokens }: Pick<SectionSizes, 'tokens'>): Ruler =>
	tokens === null ? createCharRuler() : createTokenRuler(tokens.count);

function createCharRuler(): Ruler {
	let reached = 0;
	return {
		measure: (_window, position) => (reached = position),
		at: (position) => position,
		reached: () => reached,
		back: (position, size) => position - size,
		forget: () => undefined,
	};
}

/** A tokenizer may make one token of a hundred spaces; a chunk is no longer than this many characters a token. */
const MOST_CHARS = 16;
const SPACE = 32;

function createTokenRuler(count: CountTokens): Ruler {
	let positions = [0];
	let distances = [0];
	const placeOf = (position: number) => firstAbove(positions, position) - 1;
	return {
		measure({ text, base }, position) {
			const last = positions.at(-1) ?? 0;
			const part = text.slice(joint(text, last - base), joint(text, position - base));
			const length = Math.max(count(part), Math.ceil((position - last) / MOST_CHARS));
			const distance = (distances.at(-1) ?? 0) + length;
			positions.push(position);
			distances.push(distance);
			return distance;
		},
		at: (position) => distances[placeOf(position)] ?? 0,
		reached: () => distances.at(-1) ?? 0,
		back(position, size) {
			let place = placeOf(position);
			const least = (distances[place] ?? 0) - size;
			while (place > 0 && (distances[place - 1] ?? 0) >= least) place -= 1;
			return positions[place] ?? position;
		},
		forget(before) {
			const place = placeOf(before);
			if (place < FORGOTTEN_AT_ONCE) return;
			positions = positions.slice(place);
			distances = distances.slice(place);
		},
	};
}

/** So that what is kept is not copied at each step. */
const FORGOTTEN_AT_ONCE = 1_000;

/** Tokenizers read a space and the word behind it as one. */
const joint = (text: string, position: number) =>
	position > 0 && text.charCodeAt(position - 1) === SPACE ? position - 1 : position;
