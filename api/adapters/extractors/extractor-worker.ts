/**
 * A child process of the extractor pool. It works on one file after the other and sends each answer on its way
 * before it begins the next file, so that its parent knows which file it died of.
 */
import { toPlainError } from '../../errors.ts';
import type { DocumentFacts } from '../../ports/index.ts';
import { goBehind } from '../thread/index.ts';
import { extractDocument, type FileInput, pages, type Reading, readWhole, streamInput } from './extract.ts';
import type { AnswerMessage, TakenMessage, WorkMessage } from './extractor-messages.ts';
import { createRecognition } from './recognition.ts';

goBehind(10);

/** About 10 MB of text. */
const PAGES_A_COLLECTION = 64;

let taken = Promise.withResolvers<void>();

function send(message: AnswerMessage): Promise<void> {
	return new Promise((resolve) => process.send?.(message, undefined, {}, () => resolve()));
}

async function answer(
	{ id, input, isPaged, slowPages }: WorkMessage['files'][number],
	{ chunking, ocr }: WorkMessage,
): Promise<void> {
	const recognition =
		ocr === undefined
			? null
			: createRecognition(ocr, {
					beforePage: (place) => send({ id, recognising: place }),
					afterPage: () => send({ id, recognising: null }),
					slowPages,
					monotonic: () => process.uptime() * 1_000,
				});
	const reading: Reading = { chunking, recognition };
	try {
		const facts = isPaged ? await answerInPages(id, input, reading) : await answerAtOnce(id, input, reading);
		await send({ id, facts });
	} catch (error) {
		await send({ id, error: toPlainError(error) });
		if (!isWasmEnd(error)) return;
		await send({ isSpent: true });
		await new Promise<never>(() => {});
	}
}

/** A library that ended in the middle of its work, by itself or for want of memory or stack. */
function isWasmEnd(error: unknown): boolean {
	for (let cause = error; cause instanceof Error; cause = cause.cause) {
		if (cause.name === 'RuntimeError' || cause instanceof RangeError) return true;
	}
	return false;
}

async function answerAtOnce(
	id: number,
	{ content, ...told }: FileInput,
	reading: Reading,
): Promise<DocumentFacts> {
	const bytes = content instanceof Uint8Array ? content : readWhole(content.file);
	const { chunks, ...facts } = await extractDocument(bytes, told, reading);
	for (const part of pages(chunks)) await send({ id, part });
	return facts;
}

function answerInPages(id: number, input: FileInput, reading: Reading): Promise<DocumentFacts> {
	let count = 0;
	return streamInput(input, reading, async (part) => {
		count += 1;
		// Left alone, the heap grows to a multiple of what is needed before it is looked at.
		if (count % PAGES_A_COLLECTION === 0) globalThis.gc?.();
		taken = Promise.withResolvers<void>();
		await send({ id, part });
		await taken.promise;
	});
}

let running = send({ ready: true });
process.on('message', (message: WorkMessage | TakenMessage) => {
	if ('taken' in message) return taken.resolve();
	for (const file of message.files) running = running.then(() => answer(file, message));
});
// The parent is gone, however it ended.
process.on('disconnect', () => process.exit(0));
