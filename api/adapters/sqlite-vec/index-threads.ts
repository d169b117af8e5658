import { MessageChannel } from 'node:worker_threads';
import { DocDropError } from '../../errors.ts';
import { openThread, type Thread, threadFile } from '../thread/index.ts';
import type { ReaderMethods, VectorMethods, WriterMethods } from './index-messages.ts';
import type { IndexShape } from './index-schema.ts';
import { vecLibrary } from './library.ts';

export interface Threads {
	readonly writer: Thread<WriterMethods>;
	/** At least one. */
	readonly readers: readonly Thread<ReaderMethods>[];
	/** Has vectors in memory; null where none are kept there. */
	readonly vectors: Thread<VectorMethods> | null;
}

export interface ThreadNumbers {
	readonly readers: number;
	/** Of vectors in memory. */
	readonly vectorBytes: number;
}

/** The one with the least to do: a long search does not stand before what another one could answer at once. */
export function idlest({ readers }: Threads): Thread<ReaderMethods> {
	return readers.reduce((best, one) => (one.load() < best.load() ? one : best));
}

export interface IndexThreads {
	/** The threads; new ones where the last have died or failed to start. */
	running(): Promise<Threads>;
	/** Whether `running` was ever called. */
	isOpen(): boolean;
	/** Afterwards `running` rejects. */
	close(): Promise<void>;
}

export function createIndexThreads(file: string, shape: IndexShape, numbers: ThreadNumbers): IndexThreads {
	/** The last start, and whether it is the last one there will be. */
	const state: { start: Promise<Threads> | null; isClosed: boolean } = { start: null, isClosed: false };
	return {
		async running() {
			if (state.isClosed) throw new DocDropError('index_unavailable', 'the vector index is closed');
			const before = state.start;
			const threads = await before?.catch(() => null);
			if (threads != null && ![threads.writer, ...readingOf(threads)].some((one) => one.lost()))
				return threads;
			// Of several calls that find them dead, the first restarts them.
			if (state.start === before) {
				state.start = (threads == null ? Promise.resolve() : stop(threads)).then(() =>
					start(file, shape, numbers),
				);
			}
			return state.start as Promise<Threads>;
		},
		isOpen: () => state.start !== null,
		async close() {
			state.isClosed = true;
			const threads = await state.start?.catch(() => null);
			if (threads != null) await stop(threads);
		},
	};
}

const readingOf = ({ readers, vectors }: Pick<Threads, 'readers' | 'vectors'>) =>
	vectors === null ? readers : [...readers, vectors];

async function start(
	file: string,
	shape: IndexShape,
	{ readers, vectorBytes }: ThreadNumbers,
): Promise<Threads> {
	const options = { file, library: vecLibrary() };
	// From the writer straight to the thread that follows it.
	const { port1: told, port2: heard } = new MessageChannel();
	const follows = vectorBytes > 0;
	const threads: Threads = {
		writer: openThread({
			file: threadFile('adapters/sqlite-vec/index-writer'),
			workerData: { ...options, shape, changes: follows ? told : null },
			transfer: follows ? [told] : [],
		}),
		readers: Array.from({ length: readers }, () =>
			openThread({ file: threadFile('adapters/sqlite-vec/index-reader'), workerData: options }),
		),
		vectors: follows
			? openThread({
					file: threadFile('adapters/sqlite-vec/vector-thread'),
					workerData: {
						...{ ...options, dimensions: shape.dimensions },
						...{ changes: heard, maxBytes: vectorBytes },
					},
					transfer: [heard],
				})
			: null,
	};
	try {
		// The writer makes the file that the readers open.
		await threads.writer.open();
		await Promise.all(readingOf(threads).map((reader) => reader.open()));
		return threads;
	} catch (error) {
		await stop(threads);
		throw error;
	}
}

/** The readers go first, so that the last connection to close is one that can fold the log into the file. */
async function stop({ writer, ...others }: Threads): Promise<void> {
	await Promise.allSettled(readingOf(others).map((reader) => reader.close()));
	await Promise.allSettled([writer.close()]);
}
