/** A batch and the files that its documents name by their places, as multipart/form-data (RFC 7578). */
import { randomUUID } from 'node:crypto';

export function formOf(
	manifest: object,
	files: readonly Buffer[],
): { readonly headers: Readonly<Record<string, string>>; readonly body: Buffer } {
	// Nobody can have put it into a file before it was made.
	const boundary = `docdrop-${randomUUID()}`;
	const part = (disposition: string, type: string, bytes: Buffer) => [
		Buffer.from(
			`--${boundary}\r\ncontent-disposition: form-data; ${disposition}\r\ncontent-type: ${type}\r\n\r\n`,
		),
		bytes,
		lineEnd,
	];
	const body = Buffer.concat([
		...part('name="manifest"', 'application/json', Buffer.from(JSON.stringify(manifest))),
		...files.flatMap((bytes, place) =>
			part(`name="file"; filename="${place}"`, 'application/octet-stream', bytes),
		),
		Buffer.from(`--${boundary}--\r\n`),
	]);
	return { headers: { 'content-type': `multipart/form-data; boundary=${boundary}` }, body };
}

const lineEnd = Buffer.from('\r\n');
