import { call, type Answer } from './call.ts';

/** A part of a form, byte by byte: for what no client library would send. */
export interface Part {
	readonly name?: string;
	/** Absent: a field. */
	readonly file?: string;
	readonly type?: string;
	readonly body: string | Uint8Array;
	/** In the place of the headers that follow from the above. */
	readonly headers?: string | Uint8Array;
}

export const boundary = 'a-boundary-of-tests';
export const formType = `multipart/form-data; boundary=${boundary}`;

export const file = (name: string, body: string | Uint8Array = name, more: Partial<Part> = {}): Part => ({
	...{ name: 'file', file: name, type: 'application/octet-stream', body },
	...more,
});
export const field = (name: string, body: string): Part => ({ name, body });
export const manifest = (value: unknown): Part =>
	field('manifest', typeof value === 'string' ? value : JSON.stringify(value));

function headersOf({ name, file: fileName, type, headers }: Part): string | Uint8Array {
	if (headers !== undefined) return headers;
	const called = fileName === undefined ? '' : `; filename="${fileName}"`;
	const typed = type === undefined ? '' : `\r\nContent-Type: ${type}`;
	return `Content-Disposition: form-data; name="${name ?? ''}"${called}${typed}`;
}

export function partBytes(part: Part): Buffer {
	return Buffer.concat(
		[`--${boundary}\r\n`, headersOf(part), '\r\n\r\n', part.body, '\r\n'].map((piece) =>
			typeof piece === 'string' ? Buffer.from(piece) : piece,
		),
	);
}

export const formEnd = Buffer.from(`--${boundary}--\r\n`);

export const formBytes = (parts: readonly Part[]): Buffer =>
	Buffer.concat([...parts.map(partBytes), formEnd]);

/** To a listening app. */
export const sendForm = (
	url: string,
	path: string,
	parts: readonly Part[],
	headers: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
	call(url, {
		method: 'POST',
		path,
		body: formBytes(parts),
		headers: { 'content-type': formType, ...headers },
	});

/** The head of the same request, for a raw socket. */
export const formHead = (path: string, length: number | null, headers: readonly string[] = []): string =>
	[
		`POST ${path} HTTP/1.1`,
		'host: localhost',
		`content-type: ${formType}`,
		'connection: close',
		length === null ? 'transfer-encoding: chunked' : `content-length: ${length}`,
		...headers,
		'\r\n',
	].join('\r\n');

/** As a piece of a body with transfer-encoding: chunked. */
export const chunked = (bytes: Uint8Array): Buffer =>
	Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
