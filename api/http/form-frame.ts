import { limits } from '../contract/limits.ts';
import { DocDropError } from '../errors.ts';

/**
 * Looks at the bytes of a form as they pass: how many parts begin, how long their headers are, whether the form ends,
 * and how long it is. The form's parser leaves out a part that it can make nothing of, and cuts headers, without a
 * word: a file that is lost that way would be answered as taken.
 */
export interface FormFrame {
	push(piece: Uint8Array): void;
	/** Throws what is wrong with the bytes so far, and so with all of the form. */
	check(): void;
	/** Throws where the form has not ended, or where others than `parts` parts began. */
	checkEnd(parts: number): void;
}

interface State {
	/** Bytes that may belong to what is looked for next. */
	rest: Buffer;
	/** Before or in a part's content, behind a delimiter, in a part's headers, or behind the end. */
	place: 'content' | 'delimiter' | 'headers' | 'end';
	headerBytes: number;
	parts: number;
	bytes: number;
	fault: DocDropError | null;
}

const lineEnd = Buffer.from('\r\n');
const headersEnd = Buffer.from('\r\n\r\n');
const endMark = Buffer.from('--');

const tooLarge = (what: string, most: number) =>
	new DocDropError('too_large', `${what} must be at most ${most} bytes`, { field: 'body' });
const invalid = (message: string) => new DocDropError('invalid', `body ${message}`, { field: 'body' });

export function createFormFrame(boundary: string): FormFrame {
	const delimiter = Buffer.from(`\r\n--${boundary}`);
	// A delimiter begins with the end of a line, also where the form does.
	const state: State = { rest: lineEnd, place: 'content', headerBytes: 0, parts: 0, bytes: 0, fault: null };
	return {
		push(piece) {
			state.bytes += piece.byteLength;
			if (state.bytes > limits.uploadBytes) state.fault ??= tooLarge('a form', limits.uploadBytes);
			if (state.place === 'end' || state.fault !== null) return;
			state.rest = Buffer.concat([state.rest, piece]);
			while (step(state, delimiter));
		},
		check() {
			if (state.fault !== null) throw state.fault;
		},
		checkEnd(parts) {
			if (state.place !== 'end') throw invalid('must end with the boundary that content-type names');
			if (parts !== state.parts)
				throw invalid(
					`must be parts with the header "content-disposition: form-data" and a name, got ${state.parts}, of them ${parts} with one`,
				);
		},
	};
}

/** Whether there may be more to find in what is there. */
function step(state: State, delimiter: Buffer): boolean {
	const { rest } = state;
	switch (state.place) {
		case 'content': {
			const at = rest.indexOf(delimiter);
			if (at < 0) return wait(state, delimiter.length - 1);
			return go(state, 'delimiter', at + delimiter.length);
		}
		case 'delimiter': {
			if (rest.length < endMark.length) return false;
			if (rest.subarray(0, endMark.length).equals(endMark)) return go(state, 'end', rest.length);
			state.parts += 1;
			state.headerBytes = 0;
			return go(state, 'headers', 0);
		}
		case 'headers': {
			const at = rest.indexOf(delimiter);
			const end = rest.indexOf(headersEnd);
			// Headers that a delimiter ends are none: its line end is not theirs.
			const isCut = at >= 0 && (end < 0 || at < end + headersEnd.length);
			if (!isCut && end < 0) {
				countHeaders(state, Math.max(0, rest.length - delimiter.length + 1));
				return wait(state, delimiter.length - 1);
			}
			if (!isCut && rest.length < end + lineEnd.length + delimiter.length) return false;
			countHeaders(state, isCut ? at : end);
			return isCut
				? go(state, 'delimiter', at + delimiter.length)
				: go(state, 'content', end + headersEnd.length);
		}
		case 'end':
			return false;
	}
}

function countHeaders(state: State, bytes: number): void {
	state.headerBytes += bytes;
	if (state.headerBytes > limits.partHeaderBytes)
		state.fault ??= tooLarge('the headers of a part', limits.partHeaderBytes);
}

function go(state: State, place: State['place'], from: number): boolean {
	state.place = place;
	state.rest = state.rest.subarray(from);
	return place !== 'end';
}

function wait(state: State, kept: number): false {
	state.rest = Buffer.from(state.rest.subarray(Math.max(0, state.rest.length - kept)));
	return false;
}
