/**
 * The built-in embedder, semantic: a vector is the sum of those of the text's tokens, of a table that was fitted to a
 * sentence model (tools/embedder). It needs no download and no server, and is the same on every machine.
 *
 * A question is answered in place: it takes less time than its way to a thread and back, and waits behind no document.
 * The texts of documents go to a thread, which shares the table's memory. One is enough: it embeds faster than any index
 * takes points.
 */
import { DocDropError } from '../../errors.ts';
import type { Embedder } from '../../ports/index.ts';
import { openThread, type Thread, threadFile } from '../thread/index.ts';
import { type StaticTable, TABLE_SHA256 } from './static-table.ts';
import { createStaticVector, STATIC_VERSION } from './static-vector.ts';
import type { StaticMethods } from './static-worker.ts';

/** Of one call that is answered in place, in all: about a quarter of a millisecond. */
const CHARS_IN_PLACE = 2_048;

/** Texts of one message to the thread: a few milliseconds of its work. */
const TEXTS_PER_MESSAGE = 64;

/** About: long texts would wait in the thread until V8 takes them for lasting, and looks again tens of megabytes later. */
const CHARS_PER_MESSAGE = 32_768;

/** The thread starts when it is first needed. One that dies is replaced; its calls are rejected. */
export function createStaticEmbedder(table: StaticTable): Embedder {
	const { dimensions } = table;
	const vectorOf = createStaticVector(table);
	const state = { thread: null as Thread<StaticMethods> | null, isClosed: false };

	function running(): Thread<StaticMethods> {
		if (state.thread === null || state.thread.lost()) {
			const file = threadFile('adapters/embedders/static-worker');
			// Together in one message, long texts would wait in the thread as CHARS_PER_MESSAGE says.
			state.thread = openThread({ file, workerData: table, isApart: true });
		}
		return state.thread;
	}

	async function vectorsOf(texts: readonly string[]): Promise<Float32Array[]> {
		try {
			return split(await running().call('vectors', texts), dimensions);
		} catch (cause) {
			throw new DocDropError('embedder_unavailable', 'the thread of the embedder ended', { cause });
		}
	}

	return {
		model: 'docdrop-static-en',
		dimensions,
		fingerprint: `static:${TABLE_SHA256.slice(0, 12)}:v${STATIC_VERSION}`,
		async embed(texts, signal) {
			signal?.throwIfAborted();
			if (state.isClosed) throw new DocDropError('embedder_unavailable', 'the embedder is closed');
			if (lengthOf(texts) <= CHARS_IN_PLACE) return texts.map(vectorOf);
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
			state.isClosed = true;
			await state.thread?.terminate();
		},
	};
}

const lengthOf = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + text.length, 0);

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

const split = (vectors: Float32Array, dimensions: number): Float32Array[] =>
	Array.from({ length: vectors.length / dimensions }, (_, at) =>
		vectors.subarray(at * dimensions, (at + 1) * dimensions),
	);
