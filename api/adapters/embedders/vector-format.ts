/** In which format a server is asked for vectors: base64 where it takes that, JSON numbers where it refuses. For openai.ts. */
import { isDocDropError } from '../../errors.ts';

export type VectorFormat = 'base64' | 'numbers';

/** What a server's answers have shown. */
export interface FormatKnown {
	/** It answers JSON numbers, whatever it is asked for. */
	answersNumbers: boolean;
	/** Null: nobody knows yet whether it can. */
	speaksBase64: boolean | null;
}

/** Asks for base64, and once more for numbers where that may be what the server refuses; remembers what it takes. */
export async function inFormat<T>(
	known: FormatKnown,
	ask: (format: VectorFormat) => Promise<T>,
	signal: AbortSignal,
): Promise<T> {
	if (known.speaksBase64 === false) return ask('numbers');
	try {
		const vectors = await ask('base64');
		known.speaksBase64 = true;
		return vectors;
	} catch (error) {
		if (known.speaksBase64 === true || !mayBeOfFormat(error)) throw error;
		const vectors = await ask('numbers').catch(() => {
			// Then the format is not the reason, and the first answer says what is.
			signal.throwIfAborted();
			throw error;
		});
		known.speaksBase64 = false;
		known.answersNumbers = true;
		return vectors;
	}
}

/** Whether the answer may be one to `encoding_format`: a refusal, or a failure that speaks of it. */
const mayBeOfFormat = (error: unknown): boolean =>
	isDocDropError(error) &&
	error.peerStatus !== undefined &&
	(error.code === 'embedder_rejected' || /encoding.?format|base64/i.test(error.message));
