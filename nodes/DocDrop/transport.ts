/**
 * The only HTTP of the action node: every request to the API goes through n8n's own helper, with the credential, the
 * throttle, and a few more tries where an answer may come in a moment.
 *
 * Sending again is safe. A change of the trigger is known by source, epoch and seq, so that one that was taken is
 * answered `unchanged`, and a late one `stale`. A change without a source gets its place by arrival: doubled, it is
 * `unchanged`; if another change of the same document went between the two tries of one, the later try wins, as if
 * it had been sent then. Reading, cancelling and retrying of jobs have no other effect when they come twice.
 */
import type {
	BinaryHelperFunctions,
	IAllExecuteFunctions,
	IExecuteFunctions,
	IHttpRequestOptions,
} from 'n8n-workflow';
import type { Clock } from '../watch/clock.ts';
import { keyHeader, parseAddress, urlOf, type Address } from './address.ts';
import { createAnswerReader, meaningOf, type Answer } from './answer.ts';
import { isApiFailure, type ApiFailure } from './node-errors.ts';
import type { Throttle } from './throttle.ts';
import { unreachedFailure } from './unreachable.ts';

export interface Transport {
	/** The JSON of a 2xx answer. Throws an ApiFailure; the signal's reason; or what the body's own stream failed with. */
	request<T>(request: ApiRequest): Promise<T>;
	/** Of the credential. Throws an ApiFailure `address_invalid` or `key_invalid`. */
	address(): Promise<Address>;
}

export interface ApiRequest {
	readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
	/** Below the address of the credential. */
	readonly path: string;
	/** Undefined ones are left out. */
	readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
	/** An object is sent as JSON; bytes as they are; a function gives the bytes, anew for each try. */
	readonly body?: JsonBody | Buffer | (() => Promise<ByteStream | Buffer>);
	readonly headers?: Readonly<Record<string, string>>;
	/**
	 * Ends the waiting for a turn and between tries; default: that of the execution. A request under way is ended by
	 * the execution's own alone: n8n takes no other.
	 */
	readonly signal?: AbortSignal;
}

type JsonBody = { readonly [field: string]: unknown };

export type ByteStream = Awaited<ReturnType<BinaryHelperFunctions['getBinaryStream']>>;

/** What is used of IExecuteFunctions; the contexts of list searches have it too, but nothing to cancel. */
export type TransportContext = Pick<IExecuteFunctions, 'getCredentials' | 'getExecutionId'> & {
	readonly helpers: Pick<IExecuteFunctions['helpers'], 'httpRequestWithAuthentication'>;
	getExecutionCancelSignal?(): AbortSignal | undefined;
};

export interface TransportDeps {
	readonly context: TransportContext;
	readonly throttle: Throttle;
	readonly clock: Clock;
	/** 0 to 1. */
	readonly random: () => number;
}

const credential = 'docDropApi';
const maxTries = 5;
const firstWaitMs = 500;
const longestWaitMs = 8_000;
/** A server that asks for more is left to the next execution. */
const longestRetryAfterMs = 60_000;
/** For all of a request until its answer begins: n8n has no other limit. Streamed bodies take what the line gives. */
const timeoutMs = 120_000;
const streamTimeoutMs = 900_000;
/** Answers that may be another one in a moment. */
const passing: readonly number[] = [408, 429, 502, 503, 504];

type Attempt =
	| { readonly kind: 'value'; readonly value: unknown }
	| {
			readonly kind: 'failed';
			readonly failure: ApiFailure;
			readonly passes: boolean;
			readonly retryAfterMs: number;
	  };

export function createTransport({ context, throttle, clock, random }: TransportDeps): Transport {
	let known: Promise<Address> | undefined;
	const address = () =>
		(known ??= context.getCredentials(credential).then(({ baseUrl, apiKey }) => {
			// n8n adds it to each request; here it is only looked at.
			keyHeader(apiKey);
			return parseAddress(baseUrl);
		}));
	const readAnswer = createAnswerReader(clock);

	async function attempt({ at, bytes, ...prepared }: Prepared, signal?: AbortSignal): Promise<Attempt> {
		const body = typeof bytes === 'function' ? await bytes() : bytes;
		const stream = body === undefined || Buffer.isBuffer(body) ? null : body;
		let streamError: Error | undefined;
		stream?.on('error', (error: Error) => (streamError ??= error));
		let answer: Answer;
		try {
			answer = await readAnswer(await send(prepared, body));
		} catch (error) {
			if (streamError !== undefined) throw streamError;
			signal?.throwIfAborted();
			return { kind: 'failed', ...unreachedFailure(error, at), retryAfterMs: 0 };
		} finally {
			// A request that failed early has not read it to its end, and leaves the file open.
			stream?.destroy();
		}
		return judge(answer, at);
	}

	async function send(
		{ method, url, headers }: Omit<Prepared, 'at' | 'bytes'>,
		body: ByteStream | Buffer | undefined,
	): Promise<unknown> {
		const options: IHttpRequestOptions = {
			method,
			url,
			headers: { ...headers },
			...(body !== undefined && { body }),
			timeout: body === undefined || Buffer.isBuffer(body) ? timeoutMs : streamTimeoutMs,
			// As a stream, so that it can be bounded; and whatever its status, which n8n would otherwise take for a reason
			// to send the request a second time (401), past the throttle.
			encoding: 'stream',
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			// To be able to follow one, a streamed body would be held in memory as a whole; and the key would follow.
			disableFollowRedirect: true,
		};
		const answer: unknown = await context.helpers.httpRequestWithAuthentication.call(
			context as unknown as IAllExecuteFunctions,
			credential,
			options,
		);
		return answer;
	}

	function judge(answer: Answer, at: Address): Attempt {
		const { status, headers } = answer;
		const meaning = meaningOf(answer, at);
		if (!isApiFailure(meaning)) return { kind: 'value', value: meaning.value };
		const retryAfterMs = parseRetryAfter(headers['retry-after'], clock.now());
		// A limit of one tenant says nothing of what others send.
		const isOfTenant = meaning.code === 'rate_limited' && meaning.field === 'tenant';
		if ((status === 429 && !isOfTenant) || status === 503)
			throttle.pause(Math.min(retryAfterMs, longestRetryAfterMs));
		const passes = passing.includes(status) && meaning.retryable;
		return { kind: 'failed', failure: meaning, passes, retryAfterMs };
	}

	return {
		address,
		async request<T>(request: ApiRequest): Promise<T> {
			const signal = request.signal ?? context.getExecutionCancelSignal?.();
			const prepared = prepare(await address(), request);
			const owner = context.getExecutionId() ?? context;
			for (let tries = 1, waitMs = firstWaitMs; ; tries += 1) {
				const result = await throttle.run(owner, () => attempt(prepared, signal), signal);
				if (result.kind === 'value') return result.value as T;
				const { failure, passes, retryAfterMs } = result;
				if (!passes || tries >= maxTries || retryAfterMs > longestRetryAfterMs) throw failure;
				// Decorrelated jitter: callers that failed together do not come back together.
				waitMs = Math.min(longestWaitMs, firstWaitMs + random() * (3 * waitMs - firstWaitMs));
				await clock.sleep(Math.max(waitMs, retryAfterMs), signal);
			}
		},
	};
}

/** What is the same for all tries. */
interface Prepared {
	readonly at: Address;
	readonly method: ApiRequest['method'];
	readonly url: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly bytes: Buffer | (() => Promise<ByteStream | Buffer>) | undefined;
}

function prepare(at: Address, { method, path, query, body, headers }: ApiRequest): Prepared {
	const isJson = typeof body === 'object' && !Buffer.isBuffer(body);
	const type = isJson ? 'application/json' : 'application/octet-stream';
	return {
		at,
		method,
		url: urlOf(at, path, query),
		headers: { accept: 'application/json', ...(body !== undefined && { 'content-type': type }), ...headers },
		bytes: isJson ? Buffer.from(JSON.stringify(body)) : body,
	};
}

/** Seconds, or a date; 0 where there is nothing to obey. */
function parseRetryAfter(header: string | undefined, now: number): number {
	if (header === undefined) return 0;
	const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
	return ms > 0 ? ms : 0;
}
