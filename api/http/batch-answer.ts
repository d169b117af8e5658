/** What became of many documents, as one answer. */
import type { FastifyReply } from 'fastify';
import type { BatchItem, BatchResponse } from '../contract/batch-schema.ts';
import type { Receipt } from '../contract/document-schema.ts';
import type { DocDropError } from '../errors.ts';
import { itemError, statusOf } from './error-answers.ts';

type Result = Receipt | DocDropError;

export const receiptStatus = (receipt: Receipt) => (receipt.state === 'accepted' ? 202 : 200);

/**
 * A batch of which nothing was taken because of a limit is refused as a whole, as each of its documents would have
 * been alone: then whoever sends it knows by the status, without looking into it.
 */
export function refuseWhole(results: readonly Result[]): void {
	for (const code of ['rate_limited', 'credits_exhausted'] as const) {
		const refused = results.filter((one): one is DocDropError => one instanceof Error && one.code === code);
		if (refused.length === 0 || refused.length < results.length) continue;
		throw refused.reduce((a, b) => ((b.retryAfterMs ?? 0) > (a.retryAfterMs ?? 0) ? b : a));
	}
}

/** `fileOf`: the name of the file that a document came in, where it came in one. */
export function batchAnswer(
	results: readonly Result[],
	fileOf: (index: number) => string | null = () => null,
): Omit<BatchResponse, 'snapshot'> {
	const counts = { accepted: 0, coalesced: 0, unchanged: 0, stale: 0, failed: 0 };
	const items = results.map((result, index): BatchItem => {
		const file = fileOf(index);
		const place = { index, ...(file !== null && { file }) };
		if (result instanceof Error) {
			counts.failed += 1;
			return { ...place, status: statusOf(result), error: itemError(result) };
		}
		counts[result.state] += 1;
		if (result.superseded !== undefined) counts.coalesced += 1;
		return { ...place, status: receiptStatus(result), receipt: result };
	});
	return { errors: counts.failed > 0, ...counts, results: items };
}

/** When those that were not taken may come again. */
export function sayRetryAfter(reply: FastifyReply, results: readonly Result[]): void {
	const waitMs = Math.max(...results.map((one) => (one instanceof Error ? (one.retryAfterMs ?? 0) : 0)));
	if (waitMs > 0) void reply.header('retry-after', Math.ceil(waitMs / 1000));
}
