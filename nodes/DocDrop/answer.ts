/** Reads what n8n's helper gives back, whole, bounded, and within its time; and tells what it means. */
import type { Clock } from '../watch/clock.ts';
import type { Address } from './address.ts';
import { answeredFailure, foreignAnswer, localFailure, type ApiFailure } from './node-errors.ts';

export interface Answer {
	readonly status: number;
	/** By lower-case name. */
	readonly headers: Readonly<Record<string, string | undefined>>;
	readonly text: string;
	/** It was larger than is read; the text is empty then. */
	readonly isCut: boolean;
}

/** The largest that the API gives is the preview of a whole file. */
const maxBytes = 67_108_864;
/** From its first byte on. n8n ends its own timeout there. */
const timeoutMs = 120_000;

/** What is used of a stream. */
interface Body extends AsyncIterable<Uint8Array | string> {
	destroy(error?: Error): unknown;
}

/** Rejects with what the connection failed with. */
export function createAnswerReader(clock: Clock): (response: unknown) => Promise<Answer> {
	return async (response) => {
		const { statusCode, headers, body } = response as {
			readonly statusCode: number;
			readonly headers: Readonly<Record<string, unknown>>;
			readonly body: unknown;
		};
		const text = isStream(body) ? await readStream(body, clock) : asText(body);
		return { status: statusCode, headers: textsOf(headers), text: text ?? '', isCut: text === null };
	};
}

/** Null where there is more than `maxBytes`. */
async function readStream(body: Body, clock: Clock): Promise<string | null> {
	const late = Promise.withResolvers<never>();
	const cancel = clock.after(timeoutMs, () => {
		const error = Object.assign(new Error('the answer did not end in time'), { code: 'ETIMEDOUT' });
		late.reject(error);
		body.destroy(error);
	});
	const reading = readWhole(body);
	// n8n gives a stream over a generator, which no destroying ends while it waits for the next piece.
	reading.catch(() => {});
	try {
		return await Promise.race([reading, late.promise]);
	} finally {
		cancel();
	}
}

async function readWhole(body: Body): Promise<string | null> {
	const pieces: Uint8Array[] = [];
	let size = 0;
	for await (const piece of body) {
		const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
		size += bytes.length;
		// Leaving the loop closes the connection.
		if (size > maxBytes) return null;
		pieces.push(bytes);
	}
	return Buffer.concat(pieces, size).toString('utf8');
}

const isStream = (body: unknown): body is Body =>
	typeof body === 'object' && body !== null && Symbol.asyncIterator in body;

/** n8n's own mocks, for evaluations, answer with what was parsed already. */
const asText = (body: unknown): string =>
	typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);

/** Of a header that came more than once, the first. */
function textsOf(headers: Readonly<Record<string, unknown>>): Record<string, string> {
	const texts: Record<string, string> = {};
	for (const [name, value] of Object.entries(headers)) {
		const first: unknown = Array.isArray(value) ? value[0] : value;
		if (typeof first === 'string') texts[name.toLowerCase()] = first;
	}
	return texts;
}

/** The JSON of a 2xx answer, undefined where it has none; or why there is none. */
export function meaningOf(answer: Answer, at: Address): { readonly value: unknown } | ApiFailure {
	const { status, headers, text, isCut } = answer;
	if (isCut) {
		const more = { status, retryable: false };
		return localFailure('answer_too_large', 'the answer is too large', 'Ask for less at once.', more);
	}
	if (status >= 300 && status < 400) return redirected(status, headers['location'], at);
	if (status < 200 || status > 299) return withoutPath(answeredFailure(status, text, at.host), at);
	if (text === '') return { value: undefined };
	try {
		return { value: JSON.parse(text) };
	} catch {
		return foreignAnswer(status, text, at.host);
	}
}

/** The API itself has no path: whoever writes one means a proxy that takes it away again. */
function withoutPath(failure: ApiFailure, { baseUrl, host }: Address): ApiFailure {
	const { pathname, origin } = new URL(baseUrl);
	const isAddress = failure.code === 'not_found' && failure.field === undefined;
	if (pathname === '/' || !isAddress) return failure;
	return localFailure(
		'address_invalid',
		`the Address of the DocDrop API credential must not end in ${JSON.stringify(pathname)}: the DocDrop API at ${host} has nothing there`,
		`Write it as ${origin}. With a proxy that gives the API this path, let the proxy take the path away before it passes requests on.`,
		{ field: 'baseUrl' },
	);
}

function redirected(status: number, location: string | undefined, { host, baseUrl }: Address): ApiFailure {
	const target =
		location !== undefined && URL.canParse(location, baseUrl) ? new URL(location, baseUrl).origin : null;
	return localFailure(
		'redirected',
		`${host} answered ${status}: it sends requests elsewhere`,
		target === null || target === new URL(baseUrl).origin
			? 'Write the address into the credential that the DocDrop API itself has.'
			: `If the DocDrop API is at ${target}, write that into the credential.`,
		{ status },
	);
}
