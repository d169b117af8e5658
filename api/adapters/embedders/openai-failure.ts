/** An answer other than 200 to an error of the table. */
import { DocDropError, type ErrorCode } from '../../errors.ts';
import type { Clock } from '../../ports/index.ts';
import { adviceFor } from './advice.ts';
import { messageIn, type SentWords, shownWords } from './server-words.ts';
import { readUpTo } from './openai-answer.ts';
import { readRetryAfter } from './rate-headers.ts';

interface Sent extends SentWords {
	readonly clock: Clock;
	/** Of a refusal: how long nothing is sent. */
	readonly pauseMs?: number | undefined;
}

export async function failureOf(response: Response, sent: Sent): Promise<DocDropError> {
	const { status } = response;
	const code = codeOf(status);
	const retryAfterMs = sent.pauseMs ?? readRetryAfter(response.headers, sent.clock.now());
	// What is said of a key quotes parts of it.
	const reason = code === 'embedder_forbidden' ? '' : await reasonOf(response, sent);
	if (reason === '') await response.body?.cancel().catch(() => undefined);
	const hint =
		status === 404 ? 'Check DOCDROP_EMBEDDER_URL, which ends in /v1, and DOCDROP_EMBEDDER_MODEL.' : undefined;
	const said = reason === '' ? '' : `: ${reason}${adviceFor(reason)}`;
	return new DocDropError(code, `the embedder answered ${status}${said}`, {
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

async function reasonOf(response: Response, sent: SentWords): Promise<string> {
	try {
		const body: unknown = JSON.parse((await readUpTo(response, MOST_BYTES)) ?? '');
		return shownWords(messageIn(body), sent);
	} catch {
		// No body, or none that says why: the status has to do.
		return '';
	}
}
