import { Readable } from 'node:stream';
import { loopTurn } from '../loop-turn.ts';

/** A piece of an answer's text has about so many characters: a few milliseconds of work. */
const pieceLength = 131_072;

/**
 * An object whose one list may be megabytes, as the text of its answer: written piece by piece, with others' turns of the event
 * loop in between, and no faster than it is taken. `list` comes last.
 */
export function longAnswer(fields: object, name: string, list: Iterable<unknown>): Readable {
	return Readable.from(pieces(fields, name, list), { objectMode: false });
}

async function* pieces(fields: object, name: string, list: Iterable<unknown>): AsyncGenerator<string> {
	const head = JSON.stringify(fields).slice(0, -1);
	let piece = `${head}${head === '{' ? '' : ','}${JSON.stringify(name)}:[`;
	let isFirst = true;
	for (const item of list) {
		piece += (isFirst ? '' : ',') + JSON.stringify(item);
		isFirst = false;
		if (piece.length < pieceLength) continue;
		yield piece;
		piece = '';
		await loopTurn();
	}
	yield `${piece}]}`;
}
