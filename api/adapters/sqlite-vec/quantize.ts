/**
 * Unit vectors as eight-bit integers: 127 times the vector, rounded. Pure.
 *
 * What comes back from the index is written to it again when a document moves, so quantizing a dequantized
 * vector must give the same integers. Rounding changes the length a little and `dequantize` makes it one
 * again; `quantize` therefore repeats both until nothing changes any more, which mostly is at once.
 */
const RADIUS = 127;
const MAX_ROUNDS = 16;
/**
 * 1.5 * 2^52: a double of this size has no fraction, so that adding it rounds. Halves go to the even number, and a
 * vector and its opposite stay opposite; without the branch on the sign, which a processor guesses wrong every
 * other time.
 */
const WHOLE = 6_755_399_441_055_744;

/**
 * Writes the direction of `vector` to `into` at `offset`. False, with zeros written, for a vector of zeros:
 * it has no direction. All numbers must be finite.
 */
export function quantize(vector: Float32Array, into: Int8Array, offset: number): boolean {
	const target = into.subarray(offset, offset + vector.length);
	const length = lengthOf(vector);
	if (length === 0) {
		target.fill(0);
		return false;
	}
	scaleTo(target, vector, RADIUS / length);
	for (let round = 0; round < MAX_ROUNDS; round += 1) {
		const scale = RADIUS / lengthOfBytes(target);
		// No number is above RADIUS: what moves that one by less than half moves none.
		if (Math.abs(scale - 1) * RADIUS < 0.49) break;
		if (!scaleTo(target, target, scale)) break;
	}
	return true;
}

/** Unit length; all zeros for zeros. */
export function dequantize(quantized: Int8Array): Float32Array {
	const vector = new Float32Array(quantized.length);
	const length = lengthOf(quantized);
	if (length === 0) return vector;
	for (let i = 0; i < vector.length; i += 1) vector[i] = (quantized[i] as number) / length;
	return vector;
}

/** Cosine of the angle between two vectors; 0 where one has no direction. */
export function cosine(a: Float32Array | Int8Array, b: Float32Array | Int8Array): number {
	let dot = 0;
	for (let i = 0; i < a.length; i += 1) dot += (a[i] as number) * (b[i] as number);
	const lengths = lengthOf(a) * lengthOf(b);
	return lengths === 0 ? 0 : dot / lengths;
}

function lengthOf(vector: Float32Array | Int8Array): number {
	let squares = 0;
	for (let i = 0; i < vector.length; i += 1) squares += (vector[i] as number) * (vector[i] as number);
	return Math.sqrt(squares);
}

/** The same for bytes alone, in whole numbers: several times as fast as one loop for both. */
function lengthOfBytes(vector: Int8Array): number {
	let squares = 0;
	for (let i = 0; i < vector.length; i += 1)
		squares = (squares + Math.imul(vector[i] as number, vector[i] as number)) | 0;
	return Math.sqrt(squares);
}

/** Whether a number of `target` became another one. */
function scaleTo(target: Int8Array, source: Float32Array | Int8Array, scale: number): boolean {
	let changed = false;
	for (let i = 0; i < target.length; i += 1) {
		const exact = (source[i] as number) * scale;
		const rounded = exact + WHOLE - WHOLE;
		if (rounded !== target[i]) {
			target[i] = rounded;
			changed = true;
		}
	}
	return changed;
}
