/**
 * The 200 answer of an embeddings request to unit vectors. Nothing in it is believed: not its size, not its
 * order, not its lengths.
 */
import { DocDropError } from '../../errors.ts';
import { adviceFor } from './advice.ts';
import { messageIn, type SentWords, shownWords } from './server-words.ts';

/** A JSON number of a vector takes about 22 characters at most, base64 takes 5.4. */
const CHARS_PER_NUMBER = 32;
const CHARS_AROUND = 64 * 1024;

/** What was asked for. */
export interface Asked extends SentWords {
	readonly dimensions: number;
}

interface Row {
	readonly index?: unknown;
	readonly embedding?: unknown;
}

export interface EmbeddingsAnswer {
	/** In the order of the texts. */
	readonly vectors: Float32Array[];
	/** JSON numbers, although base64 was asked for. */
	readonly asNumbers: boolean;
}

/**
 * Throws `embedder_rejected` for an answer of another shape than asked for, `embedder_mismatch` where every vector has
 * another length, `embedder_unavailable` for an answer that is none.
 */
export async function readAnswer(response: Response, asked: Asked): Promise<EmbeddingsAnswer> {
	const { dimensions } = asked;
	const count = asked.texts.length;
	const most = count * (dimensions * CHARS_PER_NUMBER + 256) + CHARS_AROUND;
	const text = await readUpTo(response, most);
	if (text === null) throw rejected(`answered more than ${most} bytes`);
	const data = rows(text, asked);
	if (data.length !== count) {
		throw rejected(`answered ${data.length} vectors for ${count} texts`);
	}
	const vectors = inOrder(data).map(({ embedding }) => toFloats(embedding));
	const lengths = new Set(vectors.map(({ length }) => length));
	const [length = dimensions] = lengths;
	if (lengths.size === 1 && length !== dimensions) {
		const message = `the embedder ${otherLength(dimensions, length)}`;
		const advice = `if the model is the right one, set DOCDROP_EMBEDDER_DIMENSIONS=${length}`;
		throw new DocDropError('embedder_mismatch', `${message} (${advice})`);
	}
	return {
		vectors: vectors.map((vector) => unit(vector, dimensions)),
		asNumbers: data.some(({ embedding }) => Array.isArray(embedding)),
	};
}

/** Rows in the order of the texts: by their index, or as they came where none has one that is a number. */
function inOrder(data: readonly Row[]): readonly Row[] {
	if (data.every(({ index }) => typeof index !== 'number')) return data;
	const sorted = new Array<Row | undefined>(data.length).fill(undefined);
	for (const row of data) {
		const { index } = row;
		if (typeof index !== 'number' || !(index in sorted) || sorted[index] !== undefined) {
			throw rejected(
				`answered with a wrong or repeated index; each of 0 to ${data.length - 1} is needed once`,
			);
		}
		sorted[index] = row;
	}
	return sorted as Row[];
}

/** The body as text; null, and the rest not read, where it is longer than `most` bytes. */
export async function readUpTo(response: Response, most: number): Promise<string | null> {
	if (response.body === null) return '';
	const parts: Uint8Array[] = [];
	let size = 0;
	// Leaving the loop cancels the rest.
	for await (const part of response.body as AsyncIterable<Uint8Array>) {
		size += part.length;
		if (size > most) return null;
		parts.push(part);
	}
	return Buffer.concat(parts).toString();
}

function rows(text: string, asked: Asked): Row[] {
	let body: unknown;
	try {
		body = JSON.parse(text);
	} catch (cause) {
		throw new DocDropError('embedder_unavailable', 'the embedder answered something other than JSON', {
			cause,
		});
	}
	const data = (body as { data?: unknown } | null)?.data;
	if (!Array.isArray(data) || data.some((row) => typeof row !== 'object' || row === null)) {
		// Some servers say what went wrong under status 200.
		const words = shownWords(messageIn(body), asked);
		throw new DocDropError(
			'embedder_unavailable',
			words === ''
				? 'the embedder answered without a list of vectors in "data"'
				: `the embedder answered 200 without vectors: ${words}${adviceFor(words)}`,
		);
	}
	return data as Row[];
}

function toFloats(embedding: unknown): Float32Array {
	if (Array.isArray(embedding)) {
		// What is no number would become 0, or NaN.
		if (!embedding.every((value) => typeof value === 'number')) {
			throw rejected('answered a vector with values that are no finite numbers');
		}
		return Float32Array.from(embedding);
	}
	if (typeof embedding !== 'string') throw rejected('answered a vector that is neither numbers nor base64');
	const bytes = Buffer.from(embedding, 'base64');
	if (bytes.length % 4 !== 0)
		throw rejected(`answered a vector of ${bytes.length} bytes, which are no floats`);
	// Floats are little-endian on the wire; a copy gives them the alignment that they need.
	return new Float32Array(Uint8Array.from(bytes).buffer);
}

/** Unit length; all zeros stay. */
function unit(vector: Float32Array, dimensions: number): Float32Array {
	if (vector.length !== dimensions) {
		throw rejected(otherLength(dimensions, vector.length));
	}
	let sum = 0;
	for (const value of vector) sum += value * value;
	if (!Number.isFinite(sum)) throw rejected('answered a vector with values that are no finite numbers');
	if (sum === 0) return vector;
	const factor = 1 / Math.sqrt(sum);
	for (let i = 0; i < vector.length; i += 1) vector[i] = (vector[i] ?? 0) * factor;
	return vector;
}

const otherLength = (dimensions: number, length: number) =>
	`must answer vectors of ${dimensions} numbers and answered one of ${length}`;

function rejected(what: string): DocDropError {
	return new DocDropError('embedder_rejected', `the embedder ${what}`);
}
