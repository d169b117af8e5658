/** One document whose bytes come as a stream. */
import type { Receipt } from '../../contract/document-schema.ts';
import { DocDropError, isDocDropError } from '../../errors.ts';
import { type Change, refusalOf } from '../../domain/index.ts';
import { type DocumentFields, normaliseFields, sizeLimitOf } from './checks.ts';
import { confirmStored } from './confirm-stored.ts';
import { dropContents, inlineBytes, receiveContent } from './contents.ts';
import { type AcceptDeps, type AcceptOptions, changeFrom, nextOf, refuse, submit } from './submit.ts';
import { unknownPart, upTo } from './upload-room.ts';

export interface StreamOptions extends AcceptOptions {
	/** Lower-case hex: other bytes are not taken. */
	readonly ifSha256?: string;
	/** Of the bytes, where it is known; else room for the largest is reserved. */
	readonly size?: number;
}

export async function acceptStream(
	input: Omit<DocumentFields, 'op'>,
	bytes: AsyncIterable<Uint8Array>,
	options: StreamOptions,
	deps: AcceptDeps,
): Promise<Receipt> {
	const { docStore, limiter, settings } = deps;
	// Refused only after its bytes have come, they would have come for nothing.
	limiter?.check(input.tenant);
	const fields = await checkedFields(input, deps);
	const limit = sizeLimitOf(fields.mimeType, settings);
	const room = Math.min(options.size ?? settings.maxPendingBytes * unknownPart, limit.bytes);
	const giveBack = await deps.uploadRoom.reserve(input.tenant, room);
	try {
		const content = await receiveContent(
			room < limit.bytes ? upTo(room, bytes) : bytes,
			{ limit, inline: inlineBytes },
			docStore,
		).catch((error: unknown) => refuseForGood(error, input, deps));
		await confirmStored(content, deps);
		return await acceptReceived(changeFrom(fields, content, options, deps), room, options, deps);
	} finally {
		giveBack();
	}
}

async function checkedFields(input: Omit<DocumentFields, 'op'>, deps: AcceptDeps) {
	try {
		return normaliseFields(input, deps.settings);
	} catch (error) {
		return refuseForGood(error, input, deps);
	}
}

/** What is wrong with the document leaves a receipt; what is wrong here does not. */
async function refuseForGood(
	error: unknown,
	input: Omit<DocumentFields, 'op'>,
	deps: AcceptDeps,
): Promise<never> {
	throw isDocDropError(error) ? await refuse(refusalOf(error, input), deps) : error;
}

/** `own`: what is reserved for it still, and counted by the store from here on. */
async function acceptReceived(
	change: Change,
	own: number,
	options: StreamOptions,
	deps: AcceptDeps,
): Promise<Receipt> {
	const { docStore } = deps;
	// It leaves no receipt: nothing is wrong with the document, and nobody has to hear of it but the caller.
	const changed = changedSince(change, options);
	if (changed !== null) {
		await dropContents([change.content], docStore);
		throw changed;
	}
	const others = deps.uploadRoom.reserved() - own;
	const result = nextOf((await submit([change], [], deps, others)).values());
	if (result instanceof Error) throw result;
	return result;
}

function changedSince({ content }: Change, { ifSha256 }: StreamOptions): DocDropError | null {
	if (ifSha256 === undefined || content === null || content.sha256 === ifSha256) return null;
	const field = 'ifSha256';
	return new DocDropError(
		'changed_since',
		`${field} must be the hash of the bytes, got ${ifSha256} for bytes with ${content.sha256}`,
		{ field },
	);
}
