import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Bench } from './bench.ts';
import { startScript } from './child-script.ts';

/** Something that watches a folder in a process of its own, and the questions that the storm asks it over HTTP. */
export interface Watching {
	readonly pid: number;
	ask<T>(question: string): Promise<T>;
	/** Returns when the event loop is about to stand still, for `ms` and until `file` exists, if one is named. */
	block(ms: number, file?: string): Promise<void>;
	/** Wall ms of the end of the last block. */
	blockEndedAt(): Promise<number>;
	stop(): Promise<void>;
}

export async function startWatching(bench: Bench, file: URL, args: readonly string[]): Promise<Watching> {
	const script = startScript(bench, file, args);
	const line = await script.line((it) => it.startsWith('http://'));
	const ask = async <T>(question: string): Promise<T> => {
		const answer = await fetch(`${line}/${question}`, { signal: bench.signal });
		if (!answer.ok) throw new Error(`${question} was answered ${answer.status}: ${await answer.text()}`);
		return (await answer.json()) as T;
	};
	return {
		pid: script.pid,
		ask,
		block: (ms, file = '') => ask(`block?${ms}&${encodeURIComponent(file)}`),
		blockEndedAt: () => ask('block-ended-at'),
		async stop() {
			script.kill('SIGTERM');
			await script.exited;
		},
	};
}

/** Answers such questions, in the process that watches; prints where. */
export function answerQuestions(answers: Readonly<Record<string, () => unknown>>): void {
	let blockEndedAt = 0;
	const block = (ms: number, file: string) => {
		const end = performance.now() + ms;
		const cell = new Int32Array(new SharedArrayBuffer(4));
		while (performance.now() < end || (file !== '' && !existsSync(file))) {
			// Nothing turns, and no core is taken from the writer.
			Atomics.wait(cell, 0, 0, 20);
		}
		blockEndedAt = Date.now();
	};
	const answer = async ({ url = '' }: IncomingMessage) => {
		const [question = '', argument = ''] = url.slice(1).split('?');
		if (question === 'block') {
			const [ms, file = ''] = argument.split('&');
			setTimeout(() => block(Number(ms), decodeURIComponent(file)), 10);
		}
		if (question === 'block' || question === 'block-ended-at') return blockEndedAt;
		return (await answers[question]?.()) ?? null;
	};
	const server = createServer((request, response) => {
		answer(request).then(
			(body) => response.end(JSON.stringify(body)),
			(error: unknown) => response.writeHead(500).end(String(error)),
		);
	});
	server.listen(0, '127.0.0.1', () => {
		console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
	});
}
