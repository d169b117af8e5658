import type { AcceptResult, Change, ChangeContent, Refusal } from '../../domain/index.ts';
import type { QueueLimits } from '../../ports/index.ts';

/**
 * What `accept` is told on the way to the store's thread, and what it answers there. Every accept passes here, and
 * objects are dear to clone, because the names of their properties go with each one: so a change is a list, what it
 * shares with the change before it goes once, and the usual answer is a number. Pure.
 */
export type AcceptMessage = readonly [
	changes: readonly (ChangeMessage | Refusal)[],
	now: number,
	limits: readonly [QueueLimits['maxPending'], QueueLimits['maxPendingBytes'], QueueLimits['allowance']],
];

type ChangeMessage = readonly [
	jobId: string,
	docId: string,
	seq: number | null,
	meta: string,
	previous: Change['previous'],
	/** Null: no content. */
	sha256: string | null,
	size: number,
	body: ChangeContent['body'],
	/** Absent where they are those of the change before. */
	shared?: SharedFields,
];

/** In these the changes of a call seldom differ. */
type SharedFields = readonly [
	tenant: string,
	op: Change['op'],
	sourceId: string,
	epoch: string,
	sourceName: string | null,
	takeOver: boolean,
	priority: Change['priority'],
	windowMs: number,
	maxWaitMs: number,
	fingerprint: string,
	/** One object for all changes by a filter. */
	where: Change['where'],
];

const sharedNames = [
	...(['tenant', 'op', 'sourceId', 'epoch', 'sourceName', 'takeOver', 'priority', 'windowMs'] as const),
	...(['maxWaitMs', 'fingerprint', 'where'] as const),
];
const sharedOf = (one: Change) => sharedNames.map((name) => one[name]) as unknown as SharedFields;

const noContent = { sha256: null, size: 0, body: '' };

type Sent = readonly (Change | Refusal)[];

export function packAccept(changes: Sent, now: number, limits: QueueLimits): AcceptMessage {
	const { maxPending, maxPendingBytes, allowance } = limits;
	let last: Change | null = null;
	const messages = changes.map((one): ChangeMessage | Refusal => {
		if ('refused' in one) return one;
		const { jobId, docId, seq, meta, previous } = one;
		const { sha256, size, body } = one.content ?? noContent;
		const before = last;
		last = one;
		return before !== null && sharedNames.every((name) => before[name] === one[name])
			? [jobId, docId, seq, meta, previous, sha256, size, body]
			: [jobId, docId, seq, meta, previous, sha256, size, body, sharedOf(one)];
	});
	return [messages, now, [maxPending, maxPendingBytes, allowance]];
}

export function unpackChanges([messages]: AcceptMessage): (Change | Refusal)[] {
	let last: SharedFields | null = null;
	return messages.map((one): Change | Refusal => {
		if ('refused' in one) return one;
		const [jobId, docId, seq, meta, previous, sha256, size, body, shared = last] = one;
		if (shared === null) throw new Error('a change without its shared fields');
		last = shared;
		const [tenant, op, sourceId, epoch, sourceName, takeOver, priority, ...rest] = shared;
		const [windowMs, maxWaitMs, fingerprint, where] = rest;
		const content = sha256 === null ? null : { sha256, size, body };
		return {
			...{ jobId, tenant, docId, op, sourceId, epoch, sourceName, seq, takeOver, priority },
			...{ windowMs, maxWaitMs, content, meta, fingerprint },
			...(previous !== undefined && { previous }),
			...(where !== undefined && { where }),
		};
	});
}

export const unpackLimits = ([, , limits]: AcceptMessage): QueueLimits => {
	const [maxPending, maxPendingBytes, allowance] = limits;
	return { maxPending, maxPendingBytes, ...(allowance !== undefined && { allowance }) };
};

/** A number: accepted as this version, and nothing was waiting. */
export type ResultMessage = AcceptResult | number;

export const packResults = (results: readonly AcceptResult[]): ResultMessage[] =>
	results.map((one) =>
		one.kind === 'accepted' && one.superseded === null && one.previous === undefined ? one.version : one,
	);

export const unpackResults = (messages: readonly ResultMessage[], changes: Sent): AcceptResult[] =>
	messages.map((one, at) => {
		if (typeof one !== 'number') return one;
		const jobId = changes[at]?.jobId;
		if (jobId === undefined) throw new Error('a result without a change');
		return { kind: 'accepted', jobId, version: one, superseded: null };
	});
