/**
 * A reranker over HTTP, in one of two forms: POST {url}/rerank of Text Embeddings Inference, and POST {url}/v2/rerank of
 * Cohere, which others speak as well. Retries and the breaker belong to the caller.
 */
import { DocDropError, isDocDropError } from '../../errors.ts';
import type { Clock, Reranker } from '../../ports/index.ts';
import { messageIn, readUpTo, shownWords } from '../embedders/index.ts';
import { scoresIn } from './rerank-answer.ts';

export interface RerankerSettings {
	readonly form: 'tei' | 'cohere';
	/** Without the path of the form. */
	readonly url: string;
	readonly apiKey?: string;
	/** Of Text Embeddings Inference a name for people: a server has one model. */
	readonly model: string;
	readonly top: number;
	/** For all that is asked of one search, ms. */
	readonly timeoutMs: number;
	readonly clock: Clock;
}

/** As many texts as a request may have: of Text Embeddings Inference, unless it was started with more. */
const forms = {
	tei: {
		path: '/rerank',
		most: 32,
		body: (_model: string, query: string, texts: readonly string[]) => ({
			...{ query, texts, truncate: true, raw_scores: false, return_text: false },
		}),
	},
	cohere: {
		path: '/v2/rerank',
		most: 1_000,
		body: (model: string, query: string, documents: readonly string[]) => ({
			...{ model, query, documents, top_n: documents.length },
		}),
	},
} as const;

const bytesAScore = 256;
const bytesAround = 65_536;

export function createHttpReranker(settings: RerankerSettings): Reranker {
	const { model, top, form, timeoutMs, clock } = settings;
	const { most } = forms[form];
	return {
		model,
		top,
		async rerank(question, texts, signal) {
			signal.throwIfAborted();
			const parts = Array.from({ length: Math.ceil(texts.length / most) }, (_, at) =>
				texts.slice(at * most, (at + 1) * most),
			);
			const end = new AbortController();
			const late = `the reranker did not answer within ${timeoutMs} ms`;
			const cancel = clock.after(timeoutMs, () => end.abort(new DocDropError('reranker_unavailable', late)));
			const stop = AbortSignal.any([signal, end.signal]);
			try {
				// Each text is judged by itself, so that scores of several requests can be compared.
				const scores = await Promise.all(parts.map((some) => ask(question, some, settings, stop)));
				return scores.flat();
			} finally {
				cancel();
				// Where one request has failed, nobody waits for the others.
				end.abort();
			}
		},
	};
}

async function ask(
	question: string,
	texts: readonly string[],
	{ form, url, apiKey, model }: RerankerSettings,
	signal: AbortSignal,
): Promise<number[]> {
	const { path, body } = forms[form];
	try {
		const response = await fetch(`${url.replace(/\/+$/, '')}${path}`, {
			method: 'POST',
			headers: {
				'content-type': 'application/json',
				accept: 'application/json',
				...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
			},
			body: JSON.stringify(body(model, question, texts)),
			// A redirected POST would arrive without its body.
			redirect: 'manual',
			signal,
		});
		const answer = await readUpTo(response, texts.length * bytesAScore + bytesAround);
		if (!response.ok) throw refusal(response.status, answer, { texts: [question, ...texts], apiKey });
		return scoresIn(answer, texts.length);
	} catch (error) {
		signal.throwIfAborted();
		if (isDocDropError(error)) throw error;
		throw new DocDropError('reranker_unavailable', 'the reranker could not be reached', { cause: error });
	}
}

/** What is wrong with one question says nothing of the next one; a key, an address or a model does. */
function refusal(
	status: number,
	answer: string | null,
	sent: { readonly texts: readonly string[]; readonly apiKey: string | undefined },
): DocDropError {
	const isOfQuestion = status === 400 || status === 413 || status === 422 || status === 429;
	const code = isOfQuestion ? 'reranker_rejected' : 'reranker_unavailable';
	const isOfKey = status === 401 || status === 403;
	const words = isOfKey ? ' (see DOCDROP_RERANKER_API_KEY)' : said(answer, sent);
	return new DocDropError(code, `the reranker answered ${status}${words}`, { peerStatus: status });
}

function said(answer: string | null, sent: Parameters<typeof shownWords>[1]): string {
	try {
		const words = shownWords(messageIn(JSON.parse(answer ?? '')), sent);
		return words === '' ? '' : `: ${words}`;
	} catch {
		// No body, or none that says why: the status has to do.
		return '';
	}
}
