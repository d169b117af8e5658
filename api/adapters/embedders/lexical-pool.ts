/**
 * The built-in embedder: lexical.ts in worker threads, so that the main thread only hands texts out. Our own
 * few lines, not tinypool: that one finds its thread's entry file beside its own module, which a bundle does
 * not have.
 */
import { DocDropError } from '../../errors.ts';
import { openThread, type Thread, threadFile } from '../thread/index.ts';
import type { Embedder } from '../../ports/index.ts';
import { TOKENIZER_VERSION } from '../../chunking/index.ts';
import { LEXICAL_DIMENSIONS, LEXICAL_VERSION } from './lexical.ts';
import type { LexicalMethods } from './lexical-worker.ts';

/** Texts of one message: about 10 ms of a thread's work. */
const TEXTS_PER_MESSAGE = 64;

/** About: long texts would wait in the thread until V8 takes them for lasting, and looks again tens of megabytes later. */
const CHARS_PER_MESSAGE = 32_768;

/** Threads are started when they are first needed. A thread that dies is replaced; its calls are rejected. */
export function createLexicalEmbedder({ threads: most }: { readonly threads: number }): Embedder {
	let threads: Thread<LexicalMethods>[] = [];
	let closed = false;

	/** The thread with the fewest calls, or a new one as long as all are busy. */
	function leastBusy(): Thread<LexicalMethods> {
		threads = threads.filter((thread) => !thread.lost());
		const [best] = threads.toSorted((a, b) => a.load() - b.load());
		if (best !== undefined && (best.load() === 0 || threads.length >= most)) return best;
		const file = threadFile('adapters/embedders/lexical-worker');
		// Together in one message, long texts would wait in the thread as CHARS_PER_MESSAGE says.
		const thread = openThread<LexicalMethods>({ file, isApart: true });
		threads.push(thread);
		return thread;
	}

	async function vectorsOf(texts: readonly string[]): Promise<Float32Array[]> {
		try {
			return split(await leastBusy().call('vectors', texts));
		} catch (cause) {
			throw new DocDropError('embedder_unavailable', 'a thread of the embedder ended', { cause });
		}
	}

	return {
		model: 'docdrop-lexical',
		dimensions: LEXICAL_DIMENSIONS,
		fingerprint: `lexical:${LEXICAL_DIMENSIONS}:v${LEXICAL_VERSION}.${TOKENIZER_VERSION}`,
		async embed(texts, signal) {
			signal?.throwIfAborted();
			if (closed) throw new DocDropError('embedder_unavailable', 'the embedder is closed');
			const aborted = Promise.withResolvers<never>();
			const abort = () => aborted.reject(signal?.reason);
			signal?.addEventListener('abort', abort, { once: true });
			try {
				const answers = Promise.all(messages(texts).map(vectorsOf));
				return (await Promise.race([answers, aborted.promise])).flat();
			} finally {
				signal?.removeEventListener('abort', abort);
			}
		},
		async close() {
			closed = true;
			await Promise.all(threads.map((thread) => thread.terminate()));
		},
	};
}

function messages(texts: readonly string[]): string[][] {
	const all: string[][] = [];
	let chars = 0;
	for (const text of texts) {
		const last = all.at(-1);
		if (last === undefined || last.length === TEXTS_PER_MESSAGE || chars >= CHARS_PER_MESSAGE) {
			all.push([text]);
			chars = 0;
		} else last.push(text);
		chars += text.length;
	}
	return all;
}

function split(vectors: Float32Array): Float32Array[] {
	const count = vectors.length / LEXICAL_DIMENSIONS;
	return Array.from({ length: count }, (_, i) =>
		vectors.subarray(i * LEXICAL_DIMENSIONS, (i + 1) * LEXICAL_DIMENSIONS),
	);
}
