/**
 * Every way in which Qdrant, its client or the network between can fail, as one error from the table. The
 * one place that makes these errors; qdrant-transport.ts and collection.ts call it. Of what it made, request-budget.ts
 * picks the refusals of a request's size, and in-flight.ts those of its pace.
 *
 * Statuses are those of Qdrant's own StorageError (src/actix/helpers.rs, 1.19) and of proxies before it.
 */
import { DocDropError, isDocDropError, type ErrorDetails } from '../../errors.ts';

export interface FailedAnswer {
	readonly status: number;
	/** The body: parsed JSON, or text. */
	readonly data: unknown;
	/** The Retry-After header as it came. */
	readonly retryAfter: string | null;
}

const noSpace = {
	hint: 'The vector index has no space left on its disk, or is at its quota. Nothing accepted was lost.',
};

/** Qdrant's own words, on one line and short: they may quote a value, but never a whole document. */
function reasonOf(data: unknown): string {
	const said =
		typeof data === 'object' && data !== null
			? (data as { status?: { error?: unknown } }).status?.error
			: data;
	const text = typeof said === 'string' ? said.replace(/\s+/g, ' ').trim() : '';
	return text.length > 200 ? `${text.slice(0, 200)}…` : text || 'no reason given';
}

/** Seconds or an HTTP date, as milliseconds from `now`; undefined for anything else. */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
	const text = value?.trim() ?? '';
	if (/^\d+$/.test(text)) return Number(text) * 1000;
	// Date.parse finds a date in `-3` too; an HTTP date begins with its weekday.
	const date = /^[A-Za-z]{3}/.test(text) ? Date.parse(text) : NaN;
	return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

export function fromAnswer({ status, data, retryAfter }: FailedAnswer, now: number): DocDropError {
	const reason = reasonOf(data);
	const make = (code: DocDropError['code'], message: string, details: ErrorDetails = {}) =>
		new DocDropError(code, message, { ...details, peerStatus: status });
	const waitMs = parseRetryAfter(retryAfter, now);

	if (status === 507 || /no space left|out of disk/i.test(reason)) {
		return make('disk_full', `the vector index cannot store more: ${reason}`, noSpace);
	}
	if (status === 429) {
		// A request that costs more than the whole budget is refused for ever; half of it may pass.
		if (reason.includes('split your request'))
			return make('index_rejected', `the vector index refused: ${reason}`);
		const details = waitMs === undefined ? {} : { retryAfterMs: waitMs };
		return make('index_throttled', 'the vector index asks to wait', details);
	}
	// A locked storage (recovery, snapshot) answers 403 as well, and is no matter of keys.
	if (status === 401 || (status === 403 && !reason.startsWith('Storage locked'))) {
		return make('index_forbidden', `the vector index refused the key: ${reason}`);
	}
	if (status === 400 && /Vector dimension error|Not existing vector name/.test(reason)) {
		return make('index_mismatch', `the vector index has another shape: ${reason}`);
	}
	// A vanished collection is not the fault of the document that was on its way into it.
	if (status === 404 && /Collection .* doesn't exist/.test(reason)) {
		return make('index_unavailable', 'the collection does not exist any more', {
			hint: 'Restart DocDrop to make the collection anew, or restore it.',
		});
	}
	if (status >= 400 && status < 500 && status !== 403 && status !== 408) {
		return make('index_rejected', `the vector index refused: ${reason}`);
	}
	const details = waitMs === undefined ? {} : { retryAfterMs: waitMs };
	return make('index_unavailable', `the vector index answered ${status}: ${reason}`, details);
}

/** A request that got no answer. Shows the system's code, never an address. */
export function fromNetwork(error: unknown): DocDropError {
	const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
	const name = [code, cause?.code].find((c) => typeof c === 'string') ?? 'no connection';
	return new DocDropError('index_unavailable', `the vector index does not answer (${name})`, {
		cause: error,
	});
}

/** What @qdrant/js-client-rest throws; it is used for the administration of the collection only. */
export function fromClient(error: unknown, now: number): DocDropError {
	if (isDocDropError(error)) return error;
	const { name, status, data, headers } = error as Partial<FailedAnswer> & {
		name?: string;
		headers?: Headers;
	};
	if (typeof status === 'number') {
		return fromAnswer({ status, data, retryAfter: headers?.get('retry-after') ?? null }, now);
	}
	// Its `retry_after` is the first character of the header (1.19.0), so it is not used.
	if (name === 'QdrantClientResourceExhaustedError') {
		return new DocDropError('index_throttled', 'the vector index asks to wait', { peerStatus: 429 });
	}
	if (name === 'QdrantClientTimeoutError') {
		return new DocDropError('index_unavailable', 'the vector index gave no answer in time', { cause: error });
	}
	return fromNetwork(error);
}
