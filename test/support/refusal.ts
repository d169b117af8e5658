import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorTable, type ErrorCode } from '../../api/errors.ts';
import type { TestApp } from './app.ts';
import { call } from './call.ts';

export interface Expected {
	readonly code: ErrorCode;
	readonly field?: string;
	/** What the message must say beside the field: the demand, and the value where it may be shown. */
	readonly says?: RegExp;
	/** Where it is not the table's. */
	readonly status?: number;
}

/** Stack frames, source files, and folders of a machine. */
const leak =
	/\bat .+:\d+:\d+|\.[cm]?[jt]s:\d+|node_modules|\/(tmp|home|root|usr|work|var|proc)\/|docdrop-app-/;

/** The answer is a refusal in our words: code, field, demand, hint; nothing of the inside, and not long. */
export function assertRefusal(
	{ status, text }: { readonly status: number; readonly text: string },
	expected: Expected,
): void {
	assert.ok(status >= 400, `was accepted: ${status} ${text.slice(0, 500)}`);
	const { error } = JSON.parse(text);
	assert.equal(error.code, expected.code, text.slice(0, 500));
	assert.equal(status, expected.status ?? errorTable[expected.code].status);
	assert.ok(status < 500, `a refusal is a 4xx, got ${status}`);
	assertItem(error, expected);
	assert.match(error.requestId, /^[0-9a-f-]{36}$/);
	assert.ok(text.length < 2_000, `an answer of ${text.length} characters repeats what the caller sent`);
}

/** The same of one document of a batch. */
export function assertItem(error: Record<string, unknown>, { field, says }: Expected): void {
	const message = String(error['message']);
	assert.equal(error['field'], field, message);
	if (says !== undefined) assert.match(message, says);
	assert.ok(message.length > 10 && message.isWellFormed());
	assert.ok(String(error['hint']).length > 10, 'a hint says what to do');
	assert.equal(error['retryable'], false);
	assert.doesNotMatch(JSON.stringify(error), leak);
}

/** Everything that a bad request must not change. */
export async function snapshot({ url, dataDir }: TestApp, tenants: readonly string[]): Promise<unknown> {
	const { documents, chunks, pending, pendingBytes, failed, jobs } = (await call(url, { path: '/v1/status' }))
		.json;
	const lists = await Promise.all(
		tenants.map(
			async (tenant) => (await call(url, { path: `/v1/documents?limit=500&tenant=${tenant}` })).json,
		),
	);
	const all = (await call(url, { path: '/v1/jobs?limit=500' })).json.jobs as { refused: boolean }[];
	// The word of a refusal may stay.
	const receipts = all.filter(({ refused }) => !refused);
	return {
		figures: {
			...{ documents, chunks, pending, pendingBytes, failed },
			jobs: { ...jobs, failed: (jobs.failed ?? 0) - (all.length - receipts.length) },
		},
		lists,
		receipts,
		blobs: readdirSync(join(dataDir, 'blobs')),
	};
}
