/**
 * A worker thread of the watch engine (the scan's, the reader's): the side of the main thread, which asks, and the
 * thread's own, which answers.
 */
import { parentPort, Worker } from 'node:worker_threads';
import type { Clock } from './clock.ts';
import { errorCode } from './disk.ts';

/** The thread ended without being asked, or was closed; what became of its work is unknown. */
export class ThreadLost extends Error {
	override readonly name = 'ThreadLost';
	readonly code: string;

	constructor(cause: unknown) {
		super('a thread of the watch engine was lost', { cause });
		this.code = errorCode(cause);
	}
}

/** Questions or answers, several together; an answer bears the number of its question. */
export type Message<T> = readonly (readonly [id: number, value: T])[];

/** Who asked a question. */
export interface Asker<Answer> {
	take(answer: Answer): void;
	/** No more answers will come. */
	lose(lost: ThreadLost): void;
}

export interface WatchThread<Question, Answer> {
	/**
	 * What is asked in one turn of the event loop goes in one message, to a thread that is started when it is needed.
	 * The asker calls what is returned when it wants no more answers; `isAnswered`: because it has had all.
	 */
	ask(question: Question, asker: Asker<Answer>): (isAnswered: boolean) => void;
	/** False when it is closed, or when several threads in a row were lost without having answered. */
	isUsable(): boolean;
	/** Resolves when the thread has ended, or after 2 s where a disk that does not answer holds it. */
	close(): Promise<void>;
}

/** Threads lost in a row after which the main thread does the work. */
const MAX_LOST = 3;
const CLOSE_WAIT_MS = 2000;
// What a walk makes is garbage at once; at V8's own limit the thread would keep 48 MB of it.
const resourceLimits = { maxYoungGenerationSizeMb: 12 };

/** The process is kept alive by questions, not by the thread. */
export function createWatchThread<Question, Answer>(deps: {
	readonly file: URL;
	readonly workerData: unknown;
	readonly clock: Clock;
	/** `lost`: threads in a row. */
	readonly onLost: (what: { readonly code: string; readonly lost: number }) => void;
}): WatchThread<Question, Answer> {
	const thread = { worker: null as Worker | null, lost: 0, isClosed: false };
	const askers = new Map<number, Asker<Answer>>();
	let outbox: [id: number, question: Question][] = [];
	let nextId = 0;

	function start(): Worker {
		const worker = new Worker(deps.file, { workerData: deps.workerData, resourceLimits });
		const end = (cause: unknown) => {
			if (thread.worker === worker) lose(cause);
		};
		worker.on('message', (answers: Message<Answer>) => {
			for (const [id, answer] of answers) askers.get(id)?.take(answer);
		});
		worker.on('messageerror', end);
		worker.on('error', end);
		worker.on('exit', () => end(null));
		return worker;
	}
	function lose(cause: unknown): void {
		thread.worker = null;
		thread.lost += 1;
		const lost = new ThreadLost(cause);
		deps.onLost({ code: lost.code, lost: thread.lost });
		loseAll(lost);
	}
	function loseAll(lost: ThreadLost): void {
		outbox = [];
		const left = [...askers.values()];
		askers.clear();
		for (const asker of left) asker.lose(lost);
	}
	function flush(): void {
		const questions = outbox.filter(([id]) => askers.has(id));
		outbox = [];
		if (questions.length === 0) return;
		try {
			thread.worker ??= start();
			thread.worker.ref();
			thread.worker.postMessage(questions);
		} catch (error) {
			// The machine has no room for a thread.
			lose(error);
		}
	}

	return {
		ask(question, asker) {
			const id = (nextId += 1);
			askers.set(id, asker);
			if (outbox.push([id, question]) === 1) setImmediate(flush);
			return (isAnswered) => {
				askers.delete(id);
				if (isAnswered) thread.lost = 0;
				if (askers.size === 0) thread.worker?.unref();
			};
		},
		isUsable: () => !thread.isClosed && thread.lost < MAX_LOST,
		async close() {
			const { worker } = thread;
			thread.isClosed = true;
			thread.worker = null;
			loseAll(new ThreadLost(null));
			if (worker === null) return;
			worker.unref();
			const waited = new AbortController();
			const limit = deps.clock.sleep(CLOSE_WAIT_MS, waited.signal).catch(() => {});
			await Promise.race([worker.terminate(), limit]);
			waited.abort();
		},
	};
}

/** In the thread: answers one question after the other, `perMessage` answers at a time. */
export function serveQuestions<Question, Answer>(
	perMessage: number,
	answer: (question: Question, send: (answer: Answer) => void) => void,
): void {
	let outbox: [id: number, answer: Answer][] = [];
	const flush = () => {
		if (outbox.length > 0) parentPort?.postMessage(outbox satisfies Message<Answer>);
		outbox = [];
	};
	parentPort?.on('message', (questions: Message<Question>) => {
		for (const [id, question] of questions) {
			answer(question, (value) => {
				if (outbox.push([id, value]) === perMessage) flush();
			});
		}
		flush();
	});
}
