import type { Chunk, ChunkSink, Extracted } from '../../ports/index.ts';
import type { FileInput } from './extract.ts';

/** One file that the extractor pool was asked to read. */
export interface Task {
	readonly input: FileInput;
	/** Of its content, for what it may take. */
	readonly bytes: number;
	readonly chunks: Chunk[];
	/** Takes the parts instead of `chunks`, one after the other. */
	readonly sink: ChunkSink | null;
	/** Resolves when the sink has taken what it was given last. */
	sinkDone: Promise<void>;
	/** Nothing of the present try has reached the sink. */
	isFresh: boolean;
	/** Its caller has gone; the answer is not wanted. */
	abandoned: boolean;
	/** Of the pages that text recognition is asked of, in order from 1: those that took too long in an earlier try. */
	readonly slowPages: number[];
	/** Children that died of it. */
	deaths: number;
	readonly resolve: (extracted: Extracted) => void;
	readonly reject: (error: unknown) => void;
}

/** Resolves when the sink has taken the part. */
export async function feedSink(task: Task, part: readonly Chunk[]): Promise<void> {
	if (task.abandoned) throw new Error('nobody waits for it any more');
	// A child that died meanwhile may have left a part on its way.
	await task.sinkDone;
	task.sinkDone = takePart(task, part);
	await task.sinkDone;
}

async function takePart(task: Task, part: readonly Chunk[]): Promise<void> {
	// Before the wait: a child that dies meanwhile makes the next one begin again.
	const { isFresh } = task;
	task.isFresh = false;
	if (isFresh) await task.sink?.begin();
	await task.sink?.page(part);
}
