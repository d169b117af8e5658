/** An answer other than 200 to an error of the table. */
import { DocDropError, type ErrorCode } from '../../errors.ts';
import type { Clock } from '../../ports/index.ts';
import { readUpTo } from './openai-answer.ts';
import { readRetryAfter } from './rate-headers.ts';

interface Sent {
	readonly texts: readonly string[];
	readonly apiKey: string | undefined;
	readonly clock: Clock;
	/** Of a refusal: how long nothing is sent. */
	readonly pauseMs?: number | undefined;
}

export async function failureOf(response: Response, sent: Sent): Promise<DocDropError> {
	const { status } = response;
	const code = codeOf(status);
	const retryAfterMs = sent.pauseMs ?? readRetryAfter(response.headers, sent.clock.now());
	const reason = code === 'embedder_rejected' ? await reasonOf(response, sent) : '';
	if (reason === '') await response.body?.cancel().catch(() => undefined);
	const hint = status === 404 ? 'Check the address of the embedder and the name of its model.' : undefined;
	return new DocDropError(code, `the embedder answered ${status}${reason === '' ? '' : `: ${reason}`}`, {
		peerStatus: status,
		...(retryAfterMs !== undefined && { retryAfterMs }),
		...(hint !== undefined && { hint }),
	});
}

/** Whatever is not the text's or the key's fault counts as an outage, a wrong address too: the work waits. */
function codeOf(status: number): ErrorCode {
	if (status === 400 || status === 413 || status === 422) return 'embedder_rejected';
	if (status === 401 || status === 403) return 'embedder_forbidden';
	return status === 429 ? 'embedder_throttled' : 'embedder_unavailable';
}

const MOST_BYTES = 64 * 1024;
const MOST_CHARS = 200;

/** The server's own words, where they are safe to show: short, without the key, not quoting what was sent. */
async function reasonOf(response: Response, { texts, apiKey }: Sent): Promise<string> {
	const words = await messageOf(response);
	if (apiKey !== undefined && apiKey !== '' && words.includes(apiKey)) return '';
	const reason = words.trim().slice(0, MOST_CHARS);
	return texts.some((text) => quotes(reason, text)) ? '' : reason.replace(/\s+/g, ' ');
}

async function messageOf(response: Response): Promise<string> {
	try {
		const body = JSON.parse((await readUpTo(response, MOST_BYTES)) ?? '') as {
			error?: { message?: unknown } | string;
		} | null;
		const message = typeof body?.error === 'string' ? body.error : body?.error?.message;
		return typeof message === 'string' ? message : '';
	} catch {
		// No body, or none that says why: the status has to do.
		return '';
	}
}

/** Whether 20 characters of the text, or all of a shorter one, stand in the message. */
function quotes(message: string, text: string): boolean {
	if (text.length <= 20) return text.length > 3 && message.includes(text);
	for (let i = 0; i + 20 <= message.length; i += 1) if (text.includes(message.slice(i, i + 20))) return true;
	return false;
}
