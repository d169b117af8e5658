import { type ChildProcess, fork } from 'node:child_process';
import { fromPlainError } from '../../errors.ts';
import type { Chunk, Clock } from '../../ports/index.ts';
import type { ChunkSettings } from '../../chunking/index.ts';
import { allocator } from '../thread/index.ts';
import type { AnswerMessage, TakenMessage, WorkMessage } from './extractor-messages.ts';
import type { OcrSettings } from './ocr-data.ts';
import { feedSink, type Task } from './pool-task.ts';
import { residentMb } from './resident-memory.ts';

export interface ChildSettings {
	/** Its program. */
	readonly file: string;
	readonly limits: ChildLimits;
	readonly chunking: ChunkSettings;
	readonly ocr?: OcrSettings | undefined;
	readonly clock: Clock;
}

export interface ChildLimits {
	/** Of its JavaScript heap, MB. */
	readonly heapMb: number;
	/** Of all of its memory, MB: what libraries take beside that heap counts here alone. */
	readonly memoryMb: number;
	/** Longest work on one file, ms; and more for each MB of it. */
	readonly timeoutMs: number;
	readonly timeoutMsPerMb: number;
	/** Text recognition of one page; the time of its file stands still meanwhile. */
	readonly recognisedPageMs: number;
}

/** The one that was broken. */
type Broken = 'memory' | { readonly ms: number; readonly recognising: number | null };

/** A process of the extractor pool. */
export interface Child {
	readonly settings: ChildSettings;
	readonly process: ChildProcess;
	readonly exited: Promise<void>;
	/** Sent and not yet answered, in order. */
	readonly tasks: Map<number, Task>;
	lastId: number;
	/** It has loaded its program. */
	ready: boolean;
	/** The file that broke a limit, and which. Its answer may still arrive before the child is gone. */
	broken: { readonly task: Task; readonly limit: Broken } | null;
	/** The last file that it answered has left it unfit for another one. */
	isSpent: boolean;
	/** Of the file at hand, how long it may still be read. */
	readingMs: number;
	/** Its memory will be looked at. */
	isWatched: boolean;
	/** Ends the time that runs for the file at hand. */
	cancelTimer: () => void;
}

/** Null where the child could not be started. */
export function startChild(
	settings: ChildSettings,
	on: { readonly idle: () => void; readonly end: (child: Child) => void },
): Child | null {
	const spawned = spawn(settings);
	if (spawned === null) return null;
	const exited = Promise.withResolvers<void>();
	const child: Child = {
		settings,
		process: spawned,
		exited: exited.promise,
		tasks: new Map(),
		lastId: 0,
		ready: false,
		broken: null,
		isSpent: false,
		readingMs: 0,
		isWatched: false,
		cancelTimer: () => undefined,
	};
	const end = () => {
		exited.resolve();
		child.cancelTimer();
		on.end(child);
	};
	spawned.on('message', (message: AnswerMessage) => receive(child, message, on.idle));
	spawned.on('exit', end);
	// Could not be started, or its channel broke; in either case it is of no more use.
	spawned.on('error', () => {
		spawned.kill('SIGKILL');
		end();
	});
	return child;
}

/** Null where the machine has no memory or no handles for a process; a missing program shows later. */
function spawn({ file, limits }: ChildSettings): ChildProcess | null {
	try {
		const child = fork(file, [], {
			execArgv: [
				`--max-old-space-size=${limits.heapMb}`,
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

export function sendFiles(child: Child, tasks: readonly Task[]): void {
	const files = tasks.map((task) => {
		child.lastId += 1;
		child.tasks.set(child.lastId, task);
		return { id: child.lastId, input: task.input, isPaged: task.sink !== null, slowPages: task.slowPages };
	});
	const { chunking, ocr } = child.settings;
	send(child, { chunking, ocr, files });
	startTimer(child);
}

/** A failed send shows as the child's exit or error. */
function send(child: Child, message: WorkMessage | TakenMessage): void {
	child.process.send(message, () => undefined);
}

function receive(child: Child, message: AnswerMessage, onIdle: () => void): void {
	if ('ready' in message) {
		child.ready = true;
		startTimer(child);
		return;
	}
	if ('isSpent' in message) {
		child.isSpent = true;
		child.process.kill('SIGKILL');
		return;
	}
	const task = child.tasks.get(message.id);
	if (task === undefined) return;
	if ('recognising' in message) return switchTimer(child, task, message.recognising);
	if ('part' in message && task.sink !== null) return void passPart(child, message.id, task, message.part);
	if ('part' in message) {
		for (const chunk of message.part) task.chunks.push(chunk);
		return;
	}
	child.tasks.delete(message.id);
	if ('error' in message) task.reject(fromPlainError(message.error));
	else task.resolve({ ...message.facts, chunks: task.chunks });
	startTimer(child);
	if (child.tasks.size === 0) onIdle();
}

/** Gives a part to the sink. While it is not taken the child waits, and its time stands still. */
async function passPart(child: Child, id: number, task: Task, part: readonly Chunk[]): Promise<void> {
	child.cancelTimer();
	try {
		await feedSink(task, part);
		send(child, { taken: id });
		startTimer(child);
	} catch (error) {
		// There is no other way to make it stop in the middle of a file.
		task.abandoned = true;
		task.reject(error);
		child.process.kill('SIGKILL');
	}
}

/** Gives the file at hand all of its time, and has the memory of its child watched. */
function startTimer(child: Child): void {
	child.cancelTimer();
	const task = child.tasks.values().next().value;
	if (task === undefined) return;
	child.readingMs = timeLimitMs(task, child.settings.limits);
	switchTimer(child, task, null);
	watchMemory(child);
}

/** From now on a page of the file at hand has its time for text recognition, or the file goes on with its own (null). */
function switchTimer(child: Child, task: Task, recognising: number | null): void {
	child.cancelTimer();
	const { clock, limits } = child.settings;
	const isReading = recognising === null;
	const ms = isReading ? timeLimitMs(task, limits) : limits.recognisedPageMs;
	const startedAt = clock.monotonic();
	const cancel = clock.after(isReading ? child.readingMs : ms, () =>
		endChild(child, task, { ms, recognising }),
	);
	child.cancelTimer = () => {
		cancel();
		if (isReading) child.readingMs -= clock.monotonic() - startedAt;
		child.cancelTimer = () => undefined;
	};
}

/** How often a child's memory is looked at while it works. */
const WATCH_MS = 200;

/** As long as the child has files, whatever it says meanwhile: one that answers often would never be looked at. */
function watchMemory(child: Child): void {
	if (child.isWatched) return;
	child.isWatched = true;
	const { clock, limits } = child.settings;
	clock.after(WATCH_MS, () => {
		child.isWatched = false;
		const task = child.tasks.values().next().value;
		if (task === undefined) return;
		if (residentMb(child.process.pid) > limits.memoryMb) endChild(child, task, 'memory');
		else watchMemory(child);
	});
}

function endChild(child: Child, task: Task, limit: Broken): void {
	child.broken = { task, limit };
	child.process.kill('SIGKILL');
}

export function timeLimitMs(
	{ bytes }: Pick<Task, 'bytes'>,
	limits: Pick<ChildLimits, 'timeoutMs' | 'timeoutMsPerMb'>,
): number {
	return Math.round(limits.timeoutMs + (bytes / 1_048_576) * limits.timeoutMsPerMb);
}
