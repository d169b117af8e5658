/**
 * Load from a process of its own: 32 connections, each sends its next request when it has the answer to the
 * last. Every document is a new one, with content of its own. Written on sockets, because on a small machine
 * every microsecond that the client takes is taken from the server: autocannon needs about 60 a request with
 * a body that is new each time, this about 40.
 *
 *   node test/bench/load-client.ts URL publish|batch DOCUMENTS FIRST WARMUP_S SECONDS     prints one line of JSON
 */
import { connect, type Socket } from 'node:net';

/** What the load client prints. */
export interface LoadFigures {
	/** Within the measured time. */
	readonly requestsPerSecond: number;
	readonly p50: number;
	readonly p99: number;
	/** Answers by status, warm-up included. */
	readonly statuses: Readonly<Record<string, number>>;
	/** The number after that of the last document sent. */
	readonly next: number;
	/** Of this client, by request. */
	readonly cpuMicros: number;
}

const connections = 32;
const contentBytes = 4096;
const digits = 10;
const zeros = '0'.repeat(digits);
/** A document's number stands in its id and at the start of its content. */
const docOf = () => {
	const line = 'a line of some text about shared libraries and how to find them\n';
	const text = `${zeros} ${line.repeat(contentBytes / line.length)}`.slice(0, contentBytes);
	return { tenant: 'bench', docId: `load/${zeros}.txt`, content: { text } };
};

function main(
	url: URL,
	path: string,
	documents: number,
	first: number,
	warmUpMs: number,
	measureMs: number,
): void {
	const body = JSON.stringify(
		documents === 1 ? docOf() : { documents: Array.from({ length: documents }, docOf) },
	);
	const head = `POST ${path} HTTP/1.1\r\nhost: ${url.host}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
	const template = Buffer.from(head + body, 'latin1');
	const places: number[] = [];
	for (let at = template.indexOf(zeros); at !== -1; at = template.indexOf(zeros, at + digits))
		places.push(at);

	const statuses: Record<string, number> = {};
	const times: number[] = [];
	let next = first;
	let sent = 0;
	let open = connections;
	const start = performance.now();
	const from = start + warmUpMs;
	const to = from + measureMs;
	const cpuBefore = process.cpuUsage();

	function drive(socket: Socket): void {
		// Its own copy: the server has all of it before it answers, and only then is it written over.
		const request = Buffer.from(template);
		let sentAt = 0;
		let answer: Buffer<ArrayBufferLike> = Buffer.alloc(0);
		let missing = -1;
		const send = () => {
			sentAt = performance.now();
			if (sentAt >= to) return void socket.end();
			for (let place = 0; place < places.length; place += 2) {
				const number = String(next).padStart(digits, '0');
				next += 1;
				request.write(number, places[place] ?? 0, 'latin1');
				request.write(number, places[place + 1] ?? 0, 'latin1');
			}
			sent += 1;
			socket.write(request);
		};
		socket.on('connect', send);
		socket.on('data', (data) => {
			if (missing < 0) {
				answer = answer.length === 0 ? data : Buffer.concat([answer, data]);
				const end = answer.indexOf('\r\n\r\n');
				if (end === -1) return;
				const text = answer.toString('latin1', 0, end);
				const status = text.slice(9, 12);
				statuses[status] = (statuses[status] ?? 0) + 1;
				missing = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1]) - (answer.length - end - 4);
				answer = Buffer.alloc(0);
			} else missing -= data.length;
			if (missing > 0) return;
			missing = -1;
			const now = performance.now();
			if (now >= from && now < to) times.push(now - sentAt);
			send();
		});
		socket.on('close', () => {
			open -= 1;
			if (open > 0) return;
			const cpu = process.cpuUsage(cpuBefore);
			times.sort((a, b) => a - b);
			const at = (share: number) => Math.round((times[Math.floor(times.length * share)] ?? 0) * 100) / 100;
			const figures: LoadFigures = {
				requestsPerSecond: times.length / (measureMs / 1000),
				p50: at(0.5),
				p99: at(0.99),
				statuses,
				next,
				cpuMicros: Math.round((cpu.user + cpu.system) / sent),
			};
			console.log(JSON.stringify(figures));
		});
	}
	for (let at = 0; at < connections; at += 1) {
		drive(connect({ host: url.hostname, port: Number(url.port), noDelay: true }));
	}
}

const [url = '', kind = '', documents, first, warmUp, seconds] = process.argv.slice(2);
const path = kind === 'publish' ? '/v1/publish' : '/v1/ingest/batch';
main(new URL(url), path, Number(documents), Number(first), Number(warmUp) * 1000, Number(seconds) * 1000);
