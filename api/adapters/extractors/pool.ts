/**
 * The extractor for files that nobody vouches for: child processes with a bounded heap, a bounded time, no
 * environment but the allocator's, and (by Node's permission model) nothing they may write, start or load natively. Threads would
 * not do: an out-of-memory in a thread ends the whole process.
 *
 * A pool of our own, not tinypool: tinypool finds its child's entry file beside its own module, which a bundle
 * does not have; it has no time limit; and it gives a dead child's whole load the same error, where only the
 * file at hand is to blame here.
 *
 * Invariants:
 *  - A child works on its files in order and answers one before it begins the next; the first unanswered file
 *    of a child that dies is the one it died of, and all behind it go back to the front of the queue.
 *  - A file that a child died of is tried once more, alone in a new child, before it is called unreadable: the
 *    machine may have killed the first child for reasons of its own. A file over its time is not tried again.
 *  - A child that could not be started says nothing of any file. None is started for a while then: the children
 *    that run do all the work, and where there are none, every file is answered at once.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { DocDropError, fromPlainError } from '../../errors.ts';
import type { Clock } from '../../ports/time.ts';
import type { Chunk, ChunkSink, Extracted, ExtractInput, Extractor } from '../../ports/extractor.ts';
import { checkChunkSettings, type ChunkSettings } from '../../chunking/index.ts';
import { allocator, threadFile } from '../thread/index.ts';
import { mimeTypes, streamedTypes } from '../../contract/file-types.ts';
import { checkType, extractorFingerprint } from './extract.ts';
import type { AnswerMessage, TakenMessage, WorkMessage } from './extractor-messages.ts';

export interface ExtractorPoolSettings {
	/** Child processes at most; each is started when it is first needed and stays. */
	readonly workers: number;
	/** Heap of one child, MB. Default 512. */
	readonly maxMemoryMb?: number;
	/** Longest work on one file, ms. Default 60,000. */
	readonly timeoutMs?: number;
	readonly chunking: ChunkSettings;
	readonly clock: Clock;
	/** Another program for the children, for tests. */
	readonly workerFile?: URL;
}

/** Small files travel together: at most so many, and no further one once so many bytes are in. */
const FILES_PER_MESSAGE = 8;
const BYTES_PER_MESSAGE = 128 * 1024;

/** After a failed start, until the next one. */
const START_PAUSE_MS = 5_000;

interface Task {
	readonly input: ExtractInput;
	readonly bytes: number;
	readonly chunks: Chunk[];
	/** Takes the parts instead of `chunks`, one after the other. */
	readonly sink: ChunkSink | null;
	/** Resolves when the sink has taken what it was handed last. */
	passing: Promise<void>;
	/** Nothing of the present try has reached the sink. */
	begins: boolean;
	/** Its caller has gone; the answer is not wanted. */
	abandoned: boolean;
	/** Children that died of it. */
	deaths: number;
	readonly resolve: (extracted: Extracted) => void;
	readonly reject: (error: unknown) => void;
}

interface Child {
	readonly process: ChildProcess;
	readonly exited: Promise<void>;
	/** Sent and not yet answered, in order. */
	readonly tasks: Map<number, Task>;
	/** It has loaded its program. */
	ready: boolean;
	/** The file whose time was over. Its answer may still arrive before the child is gone. */
	overdue: Task | null;
	cancelTimer: () => void;
}

/** Throws `config_invalid` for chunk sizes that cannot work. */
export function createExtractorPool(settings: ExtractorPoolSettings): Extractor {
	const { workers, maxMemoryMb = 512, timeoutMs = 60_000, chunking, clock } = settings;
	checkChunkSettings(chunking);
	const file = fileURLToPath(settings.workerFile ?? threadFile('adapters/extractors/extractor-worker'));
	const children = new Set<Child>();
	let queue: Task[] = [];
	let nextId = 0;
	let closed = false;
	/** Monotonic ms; no child is started before. */
	let startAgainAt = -Infinity;

	/** Null where the machine has no memory or no handles for a process; a missing program shows later. */
	function spawn(): ChildProcess | null {
		try {
			const child = fork(file, [], {
				execArgv: [
					`--max-old-space-size=${maxMemoryMb}`,
					'--expose-gc',
					'--max-semi-space-size=4',
					'--permission',
					'--allow-fs-read=*',
				],
				env: { ...allocator },
				serialization: 'advanced',
				stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
			});
			if (child.pid !== undefined) return child;
			child.on('error', () => undefined);
		} catch {
			// Some of the system's errors are thrown, the others are events.
		}
		return null;
	}

	function start(): Child | null {
		const child = spawn();
		if (child === null) {
			startAgainAt = clock.monotonic() + START_PAUSE_MS;
			return null;
		}
		const gone = Promise.withResolvers<void>();
		const entry: Child = {
			process: child,
			exited: gone.promise,
			tasks: new Map(),
			ready: false,
			overdue: null,
			cancelTimer: () => undefined,
		};
		const end = () => {
			gone.resolve();
			if (children.delete(entry)) bury(entry);
		};
		child.on('message', (message: AnswerMessage) => receive(entry, message));
		child.on('exit', end);
		// Could not be started, or its channel broke; in either case it is of no more use.
		child.on('error', () => {
			child.kill('SIGKILL');
			end();
		});
		children.add(entry);
		return entry;
	}

	function receive(child: Child, message: AnswerMessage) {
		if ('ready' in message) {
			child.ready = true;
			watch(child);
			return;
		}
		const task = child.tasks.get(message.id);
		if (task === undefined) return;
		if ('part' in message && task.sink !== null) return void pass(child, message.id, task, message.part);
		if ('part' in message) {
			for (const chunk of message.part) task.chunks.push(chunk);
			return;
		}
		child.tasks.delete(message.id);
		if ('error' in message) task.reject(fromPlainError(message.error));
		else task.resolve({ title: message.title, chunks: task.chunks });
		watch(child);
		if (child.tasks.size === 0) dispatch();
	}

	/** Hands a part on. While it is not taken the child waits, and its time stands still. */
	async function pass(child: Child, id: number, task: Task, part: readonly Chunk[]): Promise<void> {
		child.cancelTimer();
		try {
			if (task.abandoned) throw new Error('nobody waits for it any more');
			// A child that died meanwhile may have left a part on its way.
			await task.passing;
			task.passing = hand(task, part);
			await task.passing;
			// A failed send shows as the child's exit or error.
			child.process.send({ taken: id } satisfies TakenMessage, () => undefined);
			watch(child);
		} catch (error) {
			// There is no other way to make it stop in the middle of a file.
			task.abandoned = true;
			task.reject(error);
			child.process.kill('SIGKILL');
		}
	}

	async function hand(task: Task, part: readonly Chunk[]): Promise<void> {
		// Before the wait: a child that dies meanwhile makes the next one begin again.
		const { begins } = task;
		task.begins = false;
		if (begins) await task.sink?.begin();
		await task.sink?.page(part);
	}

	/** Gives the file at hand its time. */
	function watch(child: Child) {
		child.cancelTimer();
		if (child.tasks.size === 0) return;
		child.cancelTimer = clock.after(timeoutMs, () => {
			child.overdue = child.tasks.values().next().value ?? null;
			child.process.kill('SIGKILL');
		});
	}

	/** A child is gone, with files unanswered or without. */
	function bury(child: Child) {
		child.cancelTimer();
		const tasks = [...child.tasks.values()];
		child.tasks.clear();
		if (!child.ready) startAgainAt = clock.monotonic() + START_PAUSE_MS;
		const [culprit, ...innocent] = tasks;
		queue = [
			...(child.ready && culprit !== undefined && !isTriedAgain(child, culprit) ? innocent : tasks),
			...queue,
		];
		dispatch();
	}

	/** Whether the file that a child died of has another try; else it is rejected here. */
	function isTriedAgain(child: Child, culprit: Task): boolean {
		culprit.chunks.length = 0;
		culprit.begins = true;
		if (culprit.abandoned) return true;
		const type = culprit.input.mimeType;
		if (child.overdue === culprit) {
			culprit.reject(
				new DocDropError('unreadable', `reading the file as ${type} took longer than ${timeoutMs} ms`),
			);
			return false;
		}
		if (culprit.deaths > 0) {
			culprit.reject(
				new DocDropError(
					'unreadable',
					`reading the file as ${type} ended the process that did it, which has ${maxMemoryMb} MB of memory`,
				),
			);
			return false;
		}
		culprit.deaths += 1;
		return true;
	}

	function dispatch() {
		if (closed) return;
		queue = queue.filter((task) => !task.abandoned);
		while (queue.length > 0) {
			const idle = [...children].find((child) => child.tasks.size === 0 && child.process.connected);
			if (idle === undefined && children.size >= workers) return;
			const pauseMs = startAgainAt - clock.monotonic();
			const child = idle ?? (pauseMs > 0 ? null : start());
			if (child !== null) give(child);
			else if (children.size > 0) return;
			else refuse();
		}
	}

	/** Nothing is known about the files: the program is missing, or the machine has no room for it. */
	function refuse() {
		const retryAfterMs = Math.ceil(startAgainAt - clock.monotonic());
		const message = 'the process that reads files could not be started';
		for (const task of queue)
			task.reject(new DocDropError('extractor_unavailable', message, { retryAfterMs }));
		queue = [];
	}

	/** A fair share of the queue to one child. A file that has killed a child goes alone. */
	function give(child: Child) {
		const share = Math.min(FILES_PER_MESSAGE, Math.ceil(queue.length / workers));
		let bytes = 0;
		let count = 0;
		while (count < share && bytes < BYTES_PER_MESSAGE) {
			const task = queue[count];
			if (task === undefined || (task.deaths > 0 && count > 0)) break;
			bytes += task.bytes;
			count += 1;
			if (task.deaths > 0) break;
		}
		const files = queue.splice(0, count).map((task) => {
			nextId += 1;
			child.tasks.set(nextId, task);
			return { id: nextId, input: task.input, isPaged: task.sink !== null };
		});
		const message: WorkMessage = { chunking, files };
		// A failed send shows as the child's exit or error.
		child.process.send(message, () => undefined);
		watch(child);
	}

	async function submit(
		input: ExtractInput,
		sink: ChunkSink | null,
		signal: AbortSignal | undefined,
	): Promise<Extracted> {
		signal?.throwIfAborted();
		checkType(input.mimeType);
		if (closed) throw new DocDropError('shutting_down', 'the extractor is closed');
		const { promise, resolve, reject } = Promise.withResolvers<Extracted>();
		const bytes = input.content instanceof Uint8Array ? input.content.length : BYTES_PER_MESSAGE;
		const task: Task = {
			input,
			bytes,
			chunks: [],
			sink,
			begins: true,
			passing: Promise.resolve(),
			abandoned: false,
			deaths: 0,
			resolve,
			reject,
		};
		const abandon = () => {
			task.abandoned = true;
			reject(signal?.reason);
		};
		signal?.addEventListener('abort', abandon, { once: true });
		queue.push(task);
		// Calls of the same turn are handed out together.
		if (queue.length === 1) queueMicrotask(dispatch);
		try {
			return await promise;
		} finally {
			signal?.removeEventListener('abort', abandon);
		}
	}

	return {
		fingerprint: extractorFingerprint(chunking),
		mimeTypes,
		streamable: streamedTypes,
		extract: (input, signal) => submit(input, null, signal),
		async stream(input, sink, signal) {
			let hasBegun = false;
			const { title } = await submit(
				input,
				{
					async begin() {
						hasBegun = true;
						await sink.begin();
					},
					page: (chunks) => sink.page(chunks),
				},
				signal,
			);
			if (!hasBegun) await sink.begin();
			return { title };
		},
		async close() {
			closed = true;
			const error = new DocDropError('shutting_down', 'the extractor is closed');
			for (const task of queue) task.reject(error);
			queue = [];
			const open = [...children];
			children.clear();
			for (const child of open) {
				child.cancelTimer();
				for (const task of child.tasks.values()) task.reject(error);
				child.tasks.clear();
				child.process.kill('SIGKILL');
			}
			await Promise.all(open.map((child) => child.exited));
		},
	};
}
