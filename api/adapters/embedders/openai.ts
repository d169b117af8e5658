/**
 * Any server that speaks OpenAI's embeddings API: POST {url}/embeddings over fetch, which keeps connections
 * alive. Vectors are asked for as base64, a quarter of the size of JSON numbers and cheap to read. A server that refuses
 * that is asked once more without, and without from then on where that was the reason. Servers that answer with numbers
 * are asked in smaller batches from then on, because parsing millions of numbers at once would hold the event loop.
 *
 * It paces itself by what the server says of its limits (rate-budget.ts). Retries, breakers and the splitting of rejected
 * batches belong to the caller.
 */
import { hash, randomBytes } from 'node:crypto';
import { DocDropError, isDocDropError } from '../../errors.ts';
import type { Clock, Embedder, TextRole } from '../../ports/index.ts';
import { createRateBudget } from './rate-budget.ts';
import { readAnswer } from './openai-answer.ts';
import { failureOf } from './openai-failure.ts';
import { type FormatKnown, inFormat, type VectorFormat } from './vector-format.ts';

export interface OpenAiSettings {
	/** Up to and without `/embeddings`, such as `http://127.0.0.1:11434/v1`. */
	readonly url: string;
	readonly apiKey?: string;
	readonly model: string;
	readonly dimensions: number;
	/** What stands before a question, and before a text of a document. */
	readonly queryPrefix?: string;
	readonly documentPrefix?: string;
	/** Whether the server is told the dimensions; by default only OpenAI's text-embedding-3 models are. */
	readonly sendDimensions?: boolean;
	/** Texts a request at most. Default 128. */
	readonly batchSize?: number;
	/** Characters a request at most (one text alone may be longer). Default 400,000, about 100,000 tokens. */
	readonly maxCharsPerBatch?: number;
	/** For one request, ms. */
	readonly timeoutMs: number;
	readonly clock: Clock;
	/** 0 to below 1. */
	readonly random?: () => number;
}

/** Grows whenever the same answer may give another vector. */
const ALGORITHM_VERSION = 1;
const REQUESTS_IN_FLIGHT = 2;
/** Numbers a request at most, once a server has answered with JSON numbers. */
const NUMBERS_PER_REQUEST = 32_768;

/** The server, as it was told of and as its answers show it. */
interface Server extends FormatKnown {
	readonly settings: OpenAiSettings;
	readonly budget: ReturnType<typeof createRateBudget>;
	readonly closing: AbortController;
	/** Its words when it asked to wait, until it takes something again; they are for all who wait. */
	refusal: string;
}

export function createOpenAiEmbedder(settings: OpenAiSettings): Embedder {
	const { model, dimensions, timeoutMs, clock, documentPrefix = '' } = settings;
	const closing = new AbortController();
	const budget = createRateBudget({
		clock,
		random: settings.random ?? (() => randomBytes(4).readUInt32BE() / 2 ** 32),
		// The rest of the caller's time is for the request itself.
		patienceMs: timeoutMs / 2,
	});
	const server: Server = {
		settings,
		budget,
		closing,
		answersNumbers: false,
		speaksBase64: null,
		refusal: '',
	};
	return {
		model,
		dimensions,
		fingerprint: `openai:${model}:${dimensions}:v${ALGORITHM_VERSION}${markOf(documentPrefix)}`,
		embed: (texts, signal, role = 'document') => embed(server, texts, role, signal),
		budget: budget.status,
		close() {
			closing.abort(new DocDropError('embedder_unavailable', 'the embedder is closed'));
			return Promise.resolve();
		},
	};
}

/** Vectors of documents depend on what stands before each text; those of questions are kept nowhere. */
const markOf = (prefix: string) => (prefix === '' ? '' : `:${hash('sha256', prefix, 'hex').slice(0, 8)}`);

async function embed(
	server: Server,
	texts: readonly string[],
	role: TextRole,
	signal?: AbortSignal,
): Promise<Float32Array[]> {
	const { closing, settings } = server;
	signal?.throwIfAborted();
	if (closing.signal.aborted) throw closing.signal.reason;
	const vectors: Float32Array[] = texts.map(() => new Float32Array(settings.dimensions));
	// Servers refuse empty texts, which have nothing to embed.
	const { queryPrefix = '', documentPrefix = '' } = settings;
	const prefix = role === 'question' ? queryPrefix : documentPrefix;
	const wanted = texts.flatMap((text, index) => (text.trim() === '' ? [] : [{ text: prefix + text, index }]));
	const failed = new AbortController();
	const stop = AbortSignal.any([failed.signal, closing.signal, ...(signal === undefined ? [] : [signal])]);
	let next = 0;
	async function lane() {
		while (next < wanted.length) {
			const batch = wanted.slice(next, endOfBatch(server, wanted, next));
			next += batch.length;
			const inputs = batch.map(({ text }) => text);
			const answer = await request(server, inputs, stop);
			for (const [i, { index }] of batch.entries())
				vectors[index] = answer[i] ?? new Float32Array(settings.dimensions);
		}
	}
	try {
		await Promise.all(
			Array.from({ length: REQUESTS_IN_FLIGHT }, () =>
				lane().catch((error: unknown) => {
					// The first failure stops the other lane, whose own error is then this one.
					failed.abort(error);
					throw failed.signal.reason;
				}),
			),
		);
	} catch (error) {
		signal?.throwIfAborted();
		throw error;
	}
	return vectors;
}

const request = (server: Server, texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> =>
	inFormat(server, (format) => requestAs(format, server, texts, signal), signal);

async function requestAs(
	format: VectorFormat,
	server: Server,
	texts: readonly string[],
	signal: AbortSignal,
): Promise<Float32Array[]> {
	const { settings, budget } = server;
	const { model, dimensions, timeoutMs, clock } = settings;
	const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
	const turn = await budget.turn(bytes, signal).catch((error: unknown) => {
		if (!isDocDropError(error) || server.refusal === '') throw error;
		const { retryAfterMs } = error;
		throw new DocDropError(error.code, `${error.message}: ${server.refusal}`, {
			...(retryAfterMs !== undefined && { retryAfterMs }),
		});
	});
	const timeout = new AbortController();
	const cancel = clock.after(timeoutMs, () => timeout.abort());
	try {
		const response = await fetch(`${settings.url.replace(/\/+$/, '')}/embeddings`, {
			method: 'POST',
			headers: {
				'content-type': 'application/json',
				accept: 'application/json',
				...(settings.apiKey !== undefined && { authorization: `Bearer ${settings.apiKey}` }),
			},
			body: JSON.stringify({
				model,
				input: texts,
				...(format === 'base64' && { encoding_format: format }),
				...((settings.sendDimensions ?? model.startsWith('text-embedding-3')) && { dimensions }),
			}),
			// A redirected POST would arrive without its body.
			redirect: 'manual',
			signal: AbortSignal.any([signal, timeout.signal]),
		});
		turn.answered(response);
		if (!response.ok) {
			const pauseMs = response.status === 429 ? budget.pausedMs() : undefined;
			const failure = await failureOf(response, { texts, apiKey: settings.apiKey, clock, pauseMs });
			if (response.status === 429) server.refusal = failure.message;
			throw failure;
		}
		const answer = await readAnswer(response, { texts, apiKey: settings.apiKey, dimensions });
		server.answersNumbers ||= answer.asNumbers;
		server.refusal = '';
		return answer.vectors;
	} catch (error) {
		signal.throwIfAborted();
		if (isDocDropError(error)) throw error;
		const reason = timeout.signal.aborted ? `did not answer within ${timeoutMs} ms` : 'could not be reached';
		throw new DocDropError('embedder_unavailable', `the embedder ${reason}`, { cause: error });
	} finally {
		cancel();
		turn.done();
	}
}

/** Where the batch that begins at `from` ends. */
function endOfBatch(
	{ settings, budget, answersNumbers }: Server,
	texts: readonly { readonly text: string }[],
	from: number,
): number {
	const { dimensions, batchSize = 128, maxCharsPerBatch = 400_000 } = settings;
	const most = answersNumbers ? Math.min(batchSize, Math.ceil(NUMBERS_PER_REQUEST / dimensions)) : batchSize;
	const mostBytes = budget.mostBytes();
	let chars = 0;
	let bytes = 0;
	let end = from;
	while (end < texts.length && end - from < most) {
		const text = texts[end]?.text ?? '';
		chars += text.length;
		bytes += Buffer.byteLength(text);
		if (end > from && (chars > maxCharsPerBatch || bytes > mostBytes)) break;
		end += 1;
	}
	return end;
}
