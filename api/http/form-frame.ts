import { limits } from '../contract/limits.ts';
import { DocDropError } from '../errors.ts';

/**
 * Looks at the bytes of a form as they pass: how many parts begin, how long their headers are and of which type they say
 * to be, whether the form ends, and how long it is. The form's parser leaves out a part that it can make nothing of, and cuts headers, without a
 * word: a file that is lost that way would be answered as taken.
 */
export interface FormFrame {
	push(piece: Uint8Array): void;
	/** Throws what is wrong with the bytes so far, and so with all of the form. */
	check(): void;
	/** What the n-th part, from 1, says of its type; null where it has not begun or says nothing. */
	contentTypeOf(part: number): string | null;
	/** Throws where the form has not ended, or where others than `parts` parts began. */
	checkEnd(parts: number): void;
}

interface State {
	/** Bytes that may belong to what is looked for next. */
	rest: Buffer;
	/** Before or in a part's content, behind a delimiter, in a part's headers, or behind the end. */
	place: 'content' | 'delimiter' | 'headers' | 'end';
	parts: number;
	/** By part. */
	contentTypes: (string | null)[];
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
	const state: State = { rest: lineEnd, place: 'content', parts: 0, contentTypes: [], bytes: 0, fault: null };
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
		contentTypeOf: (part) => state.contentTypes[part - 1] ?? null,
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
			return go(state, 'headers', 0);
		}
		case 'headers': {
			const at = rest.indexOf(delimiter);
			const end = rest.indexOf(headersEnd);
			// Headers that a delimiter ends are none: its line end is not theirs.
			const isCut = at >= 0 && (end < 0 || at < end + headersEnd.length);
			if (!isCut && end < 0) {
				checkHeaders(state, rest.length - delimiter.length + 1);
				return false;
			}
			if (!isCut && rest.length < end + lineEnd.length + delimiter.length) return false;
			checkHeaders(state, isCut ? at : end);
			state.contentTypes.push(isCut ? null : contentTypeIn(rest.subarray(0, end)));
			return isCut
				? go(state, 'delimiter', at + delimiter.length)
				: go(state, 'content', end + headersEnd.length);
		}
		case 'end':
			return false;
	}
}

function checkHeaders(state: State, bytes: number): void {
	if (bytes > limits.partHeaderBytes)
		state.fault ??= tooLarge('the headers of a part', limits.partHeaderBytes);
}

/** Of a header that goes on in the next line too. */
function contentTypeIn(headers: Buffer): string | null {
	const lines = headers.toString('latin1').replace(/\r\n[ \t]+/g, ' ');
	return /^content-type:[ \t]*(\S.*)$/im.exec(lines)?.[1]?.trim() ?? null;
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
