/**
 * The 200 answer of an embeddings request to unit vectors. Nothing in it is believed: not its size, not its
 * order, not its lengths.
 */
import { DocDropError } from '../../errors.ts';

/** A JSON number of a vector takes about 22 characters at most, base64 takes 5.4. */
const CHARS_PER_NUMBER = 32;
const CHARS_AROUND = 64 * 1024;

export interface EmbeddingsAnswer {
	/** In the order of the texts. */
	readonly vectors: Float32Array[];
	/** JSON numbers, although base64 was asked for. */
	readonly asNumbers: boolean;
}

/** Throws `embedder_rejected` for an answer of another shape than asked for, `embedder_unavailable` for one that is none. */
export async function readAnswer(
	response: Response,
	count: number,
	dimensions: number,
): Promise<EmbeddingsAnswer> {
	const most = count * (dimensions * CHARS_PER_NUMBER + 256) + CHARS_AROUND;
	const text = await readUpTo(response, most);
	if (text === null) throw rejected(`answered more than ${most} bytes`);
	const data = rows(text);
	if (data.length !== count) {
		throw rejected(`answered ${data.length} vectors for ${count} texts`);
	}
	const vectors = new Array<Float32Array | undefined>(count).fill(undefined);
	let asNumbers = false;
	for (const row of data) {
		const { index, embedding } = row as { index?: unknown; embedding?: unknown };
		if (typeof index !== 'number' || !(index in vectors) || vectors[index] !== undefined) {
			throw rejected(`answered with a wrong or repeated index; each of 0 to ${count - 1} is needed once`);
		}
		asNumbers ||= Array.isArray(embedding);
		vectors[index] = unit(toFloats(embedding), dimensions);
	}
	return { vectors: vectors as Float32Array[], asNumbers };
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

function rows(text: string): unknown[] {
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
		throw new DocDropError(
			'embedder_unavailable',
			'the embedder answered without a list of vectors in "data"',
		);
	}
	return data;
}

function toFloats(embedding: unknown): Float32Array {
	if (Array.isArray(embedding)) return Float32Array.from(embedding as number[]);
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
		throw rejected(`must answer vectors of ${dimensions} numbers and answered one of ${vector.length}`);
	}
	let sum = 0;
	for (const value of vector) sum += value * value;
	if (!Number.isFinite(sum)) throw rejected('answered a vector with values that are no finite numbers');
	if (sum === 0) return vector;
	const factor = 1 / Math.sqrt(sum);
	for (let i = 0; i < vector.length; i += 1) vector[i] = (vector[i] ?? 0) * factor;
	return vector;
}

function rejected(what: string): DocDropError {
	return new DocDropError('embedder_rejected', `the embedder ${what}`);
}
