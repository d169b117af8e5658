/**
 * The built-in embedder: lexical.ts in worker threads, so that the main thread only hands texts out. Our own
 * few lines, not tinypool: that one finds its thread's entry file beside its own module, which a bundle does
 * not have.
 */
import { Worker } from 'node:worker_threads';
import { DocDropError } from '../../errors.ts';
import { threadFile, threadLimits } from '../thread/index.ts';
import type { Embedder } from '../../ports/embedder.ts';
import { TOKENIZER_VERSION } from '../../chunking/index.ts';
import { LEXICAL_DIMENSIONS, LEXICAL_VERSION } from './lexical.ts';
import type { LexicalReply, LexicalRequest } from './lexical-worker.ts';

/** Texts of one message: about 10 ms of a thread's work. */
const TEXTS_PER_MESSAGE = 64;

/** About: long texts would wait in the thread until V8 takes them for lasting, and looks again tens of megabytes later. */
const CHARS_PER_MESSAGE = 32_768;

interface Waiting {
	resolve(vectors: Float32Array): void;
	reject(error: unknown): void;
}

interface Thread {
	readonly worker: Worker;
	readonly waiting: Map<number, Waiting>;
}

/** Threads are started when they are first needed. A thread that dies is replaced; its calls are rejected. */
export function createLexicalEmbedder({ threads }: { readonly threads: number }): Embedder {
	const running = new Set<Thread>();
	let nextId = 0;
	let closed = false;

	function start(): Thread {
		const worker = new Worker(threadFile('adapters/embedders/lexical-worker'), {
			resourceLimits: threadLimits,
		});
		const thread: Thread = { worker, waiting: new Map() };
		const end = (cause?: unknown) => {
			running.delete(thread);
			const error = new DocDropError('embedder_unavailable', 'a thread of the embedder ended', { cause });
			for (const call of thread.waiting.values()) call.reject(error);
			thread.waiting.clear();
		};
		worker.on('message', ({ id, vectors }: LexicalReply) => {
			thread.waiting.get(id)?.resolve(vectors);
			thread.waiting.delete(id);
		});
		worker.on('error', end);
		worker.on('exit', () => end());
		running.add(thread);
		return thread;
	}

	/** The thread with the fewest calls, or a new one as long as all are busy. */
	function leastBusy(): Thread {
		let best: Thread | undefined;
		for (const thread of running) {
			if (best === undefined || thread.waiting.size < best.waiting.size) best = thread;
		}
		if (best === undefined || (best.waiting.size > 0 && running.size < threads)) return start();
		return best;
	}

	function ask(texts: readonly string[]): Promise<Float32Array> {
		const { promise, resolve, reject } = Promise.withResolvers<Float32Array>();
		const thread = leastBusy();
		nextId += 1;
		thread.waiting.set(nextId, { resolve, reject });
		thread.worker.postMessage({ id: nextId, texts } satisfies LexicalRequest);
		return promise;
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
				const answers = await Promise.race([Promise.all(messages(texts).map(ask)), aborted.promise]);
				return answers.flatMap(split);
			} finally {
				signal?.removeEventListener('abort', abort);
			}
		},
		async close() {
			closed = true;
			await Promise.all([...running].map(({ worker }) => worker.terminate()));
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
