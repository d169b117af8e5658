/**
 * A child process of the extractor pool. It works on one file after the other and sends each answer on its way
 * before it begins the next file, so that its parent knows which file it died of.
 */
import { readFileSync } from 'node:fs';
import { toPlainError } from '../../errors.ts';
import { goBehind } from '../thread/background.ts';
import { extractDocument, fromReadError } from './extract.ts';
import type { AnswerMessage, WorkMessage } from './wire.ts';

goBehind(10);

/** What goes in one message at most, about: the parent's event loop must not stand still for one. */
const PART_CHARS = 200_000;
const PART_CHUNKS = 200;

function send(message: AnswerMessage): Promise<void> {
	return new Promise((resolve) => process.send?.(message, undefined, {}, () => resolve()));
}

function read(file: string): Uint8Array {
	try {
		return readFileSync(file);
	} catch (error) {
		throw fromReadError(error);
	}
}

async function answer(id: number, work: () => ReturnType<typeof extractDocument>): Promise<void> {
	let extracted;
	try {
		extracted = work();
	} catch (error) {
		await send({ id, error: toPlainError(error) });
		return;
	}
	let part = [];
	let chars = 0;
	for (const chunk of extracted.chunks) {
		part.push(chunk);
		chars += chunk.text.length + chunk.terms.length;
		if (chars < PART_CHARS && part.length < PART_CHUNKS) continue;
		await send({ id, part });
		part = [];
		chars = 0;
	}
	if (part.length > 0) await send({ id, part });
	await send({ id, title: extracted.title });
}

let running = send({ ready: true });
process.on('message', ({ chunking, files }: WorkMessage) => {
	for (const { id, input } of files) {
		running = running.then(() =>
			answer(id, () => {
				const { content, mimeType } = input;
				return extractDocument(
					content instanceof Uint8Array ? content : read(content.file),
					mimeType,
					chunking,
				);
			}),
		);
	}
});
// The parent is gone, however it ended.
process.on('disconnect', () => process.exit(0));
