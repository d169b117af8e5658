/** A child of the pool that does to itself what its file says; for pool.test.ts. */
import { fork } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
	AnswerMessage,
	TakenMessage,
	WorkMessage,
} from '../../../api/adapters/extractors/extractor-messages.ts';

function attempt(work: () => unknown): string {
	try {
		work();
		return 'allowed';
	} catch (error) {
		return String((error as NodeJS.ErrnoException).code);
	}
}

function obey(command: string): string {
	if (command === 'hang') for (;;);
	if (command === 'hoard') {
		const kept: string[][] = [];
		for (;;) kept.push(Array.from({ length: 10_000 }, (_, i) => `${kept.length} ${i}`));
	}
	if (command === 'hoard beside the heap') {
		const kept: Buffer[] = [];
		for (;;) kept.push(Buffer.alloc(1_048_576, kept.length));
	}
	if (command === 'exit') process.exit(3);
	if (command === 'env') return JSON.stringify(process.env);
	if (command === 'pid') return String(process.pid);
	if (command === 'write') return attempt(() => rmdirSync(mkdtempSync(join(tmpdir(), 'docdrop-'))));
	if (command === 'start') return attempt(() => fork('-').kill());
	return command;
}

const send = (message: AnswerMessage) =>
	new Promise((resolve) => process.send?.(message, undefined, {}, resolve));
/** Answers, says that it is of no more use, and waits. */
async function spend(id: number, mimeType: string): Promise<never> {
	await send({ id, facts: { title: String(process.pid), mimeType, warnings: [] } });
	await send({ isSpent: true });
	return new Promise(() => {});
}

/** Says that a page is being recognised, the first one that it is not known of, and never comes to its end. */
async function recognise(id: number, slowPages: readonly number[]): Promise<never> {
	await send({ id, recognising: slowPages.length + 1 });
	return new Promise(() => {});
}

let taken = Promise.withResolvers<void>();
const hoard: Buffer[] = [];
/** Takes more than it may, and gives out one part after the other. */
async function hoardInParts(id: number): Promise<never> {
	for (;;) {
		if (hoard.length < 300) hoard.push(Buffer.alloc(1_048_576, 1));
		taken = Promise.withResolvers();
		await send({ id, part: [] });
		await taken.promise;
	}
}

let running: Promise<unknown> = send({ ready: true });
process.on('message', (message: WorkMessage | TakenMessage) => {
	if ('taken' in message) return taken.resolve();
	for (const { id, input, slowPages } of message.files) {
		running = running.then(() => {
			let command = new TextDecoder().decode(input.content as Uint8Array);
			if (command === 'be spent') return spend(id, input.mimeType);
			if (command === 'hoard in parts') return hoardInParts(id);
			const left = /^recognise (\d)$/.exec(command)?.[1];
			if (left !== undefined && slowPages.length < Number(left)) return recognise(id, slowPages);
			if (left !== undefined) command = `without ${slowPages.join(', ')}`;
			return send({ id, facts: { title: obey(command), mimeType: input.mimeType, warnings: [] } });
		});
	}
});
process.on('disconnect', () => process.exit(0));
