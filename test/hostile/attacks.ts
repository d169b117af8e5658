import http from 'node:http';
import net from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

/** What one tenant's key can do at worst, each in a thread of its own until it is ended from outside. */
export interface Attack {
	readonly name: string;
	readonly url: string;
	readonly key: string;
}

type Ask = (path: string, body?: unknown) => Promise<Response>;
interface Means {
	readonly ask: Ask;
	readonly port: number;
	readonly key: string;
}

/** Evil's own document, large enough to hurt; put there before the attacks begin. */
export const largeDocument = { tenant: 'evil', docId: 'large.txt' } as const;

async function inLoops(count: number, work: (nth: number) => Promise<unknown>): Promise<void> {
	await Promise.all(
		Array.from({ length: count }, async () => {
			for (let nth = 0; ; nth += 1) await work(nth).catch(() => {});
		}),
	);
}

const words = (count: number) => Array.from({ length: count }, (_, n) => `w${n.toString(36)}`).join(' ');
const drained = async (answer: Promise<Response>) => (await answer).arrayBuffer();

function slowBody({ port, key }: Means): void {
	const socket = net.connect(port, '127.0.0.1').on('error', () => {});
	socket.write(
		`POST /v1/publish HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\ncontent-length: 8000000\r\n\r\n`,
	);
	socket.write(Buffer.alloc(7_900_000, 'x'));
}

const upload = ({ port, key }: Means, docId: string, megabytes: number) =>
	new Promise<void>((resolve) => {
		const path = `/v1/documents/content?tenant=evil&docId=${docId}.txt`;
		const headers = { authorization: `Bearer ${key}` };
		const request = http.request({ port, path, method: 'PUT', agent: false, headers }, (answer) =>
			answer.resume().on('close', resolve),
		);
		request.on('error', () => resolve());
		const piece = Buffer.alloc(1_048_576, 'x');
		let sent = 0;
		const go = () => {
			while (sent < megabytes) {
				sent += 1;
				if (!request.write(piece)) return void request.once('drain', go);
			}
			request.end();
		};
		go();
	});

const deletions = (at: number) =>
	Array.from({ length: 500 }, (_, n) => ({ op: 'delete', tenant: 'evil', docId: `never/${at}/${n}` }));

export const attacks: Readonly<Record<string, (means: Means) => Promise<unknown>>> = {
	'chunks of a large document': ({ ask }) =>
		inLoops(8, () =>
			drained(ask(`/v1/documents/chunks?tenant=${largeDocument.tenant}&docId=${largeDocument.docId}`)),
		),
	previews: ({ ask }) => {
		const content = { text: 'word '.repeat(1_000_000) };
		return inLoops(30, () => drained(ask('/v1/preview', { tenant: 'evil', docId: 'a.txt', content })));
	},
	'slow bodies': async (means) => {
		for (let n = 0; n < 150; n += 1) slowBody(means);
	},
	'searches of 1,905 words': ({ ask }) => {
		const query = words(1_905).slice(0, 8_192);
		return inLoops(8, () => drained(ask('/v1/search', { tenant: 'evil', query, mode: 'text' })));
	},
	'many embeddings': ({ ask }) => {
		const input = Array.from({ length: 512 }, (_, n) => `${words(100)} ${n}`);
		return inLoops(8, () => drained(ask('/v1/embeddings', { input })));
	},
	'refused uploads': (means) => inLoops(20, (nth) => upload(means, `upload/${nth}`, 100)),
	'deletions of what never was': async ({ ask }) => {
		let at = 0;
		await inLoops(4, () => drained(ask('/v1/ingest/batch', { documents: deletions((at += 1) % 200) })));
	},
	'huge metadata': ({ ask }) => {
		const metadata = { huge: 'm'.repeat(16_000) };
		const documents = (nth: number) =>
			Array.from({ length: 100 }, (_, n) => ({
				...{ tenant: 'evil', docId: `huge/${n}.txt`, content: { text: `${nth} ${n}` }, metadata },
			}));
		return inLoops(4, (nth) => drained(ask('/v1/ingest/batch', { documents: documents(nth) })));
	},
	'many connections': async ({ ask, port }) => {
		for (let n = 0; n < 1_000; n += 1) net.connect(port, '127.0.0.1').on('error', () => {});
		await inLoops(50, () => drained(ask('/v1/documents?tenant=evil&limit=500')));
	},
};

/** Asks with the key of the tenant. */
const asker =
	({ url, key }: Attack): Ask =>
	(path, body) =>
		fetch(url + path, {
			method: body === undefined ? 'GET' : 'POST',
			headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
			...(body !== undefined && { body: JSON.stringify(body) }),
		});

if (parentPort !== null) {
	const attack = workerData as Attack;
	const means = { ask: asker(attack), port: Number(new URL(attack.url).port), key: attack.key };
	void attacks[attack.name]?.(means);
}
