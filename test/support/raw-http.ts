import { connect } from 'node:net';

export interface RawAnswer {
	readonly status: number;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
}

/**
 * Sends bytes as they are and reads until the server closes. For requests that no client library would send.
 * `pieces` go out one after the other; with `hangUp` the socket is cut after the last one. Null: no answer.
 */
export function sendRaw(
	port: number,
	pieces: readonly (string | Uint8Array)[],
	options: { readonly hangUp?: boolean } = {},
): Promise<RawAnswer | null> {
	return new Promise((resolve, reject) => {
		const received: Buffer[] = [];
		const socket = connect(port, '127.0.0.1', () => send(pieces));
		function send([piece, ...rest]: readonly (string | Uint8Array)[]): void {
			if (piece !== undefined) socket.write(piece, () => send(rest));
			else if (options.hangUp === true) socket.destroy();
		}
		socket.setTimeout(15_000, () => socket.destroy(new Error('the server neither answered nor closed')));
		socket.on('data', (piece) => {
			received.push(piece);
			if (isWhole(Buffer.concat(received).toString())) socket.end();
		});
		socket.on('error', (error: NodeJS.ErrnoException) => {
			if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
		});
		socket.on('close', () => resolve(parse(Buffer.concat(received).toString())));
	});
}

function isWhole(text: string): boolean {
	const answer = parse(text);
	return (
		answer !== null && Buffer.byteLength(answer.body) >= Number(answer.headers['content-length'] ?? Infinity)
	);
}

function parse(text: string): RawAnswer | null {
	const end = text.indexOf('\r\n\r\n');
	if (end < 0) return null;
	const [first = '', ...lines] = text.slice(0, end).split('\r\n');
	const headers = Object.fromEntries(
		lines.map((line) => {
			const at = line.indexOf(':');
			return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
		}),
	);
	return { status: Number(first.split(' ')[1]), headers, body: text.slice(end + 4) };
}
