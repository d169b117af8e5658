/**
 * An extractor that asks a Tika server for files of types that no reader here takes. What such a file is, its content
 * decides as ever, in the process that reads; what the server makes of it is read there as well, because an answer
 * about a file that nobody vouches for is no better than the file.
 *
 * Invariants:
 *  - Nothing leaves the machine that a reader here takes, or that the operator has ruled out.
 *  - At most `calls` answers are held in memory. Whoever finds a long row before the server is sent back at once: files
 *    of other types must not wait behind those.
 *  - While the server is away files are sent back at once, but for one try every few seconds.
 *  - A failure is a file's own where the server answers a control question after it; after many of them in a row
 *    nobody believes that any more.
 *  - A content that failed goes alone from then on, and only to a server that has just answered a control question:
 *    what fails then is its doing, even where the server ends of it. The third time it is called unreadable.
 */
import { unwantedError } from '../../domain/index.ts';
import { DocDropError, isDocDropError } from '../../errors.ts';
import type { Clock, DocumentFacts, Extractor } from '../../ports/index.ts';
import type { FileExtractor, FileInput } from './extract.ts';
import { putToTika, type TikaResult, type TikaServer, versionOfTika } from './tika-call.ts';
import { outsideUnavailable } from './tika-failure.ts';
import { createSuspects, type Suspects } from './tika-suspects.ts';
import { createTurns, type Turns } from './tika-turns.ts';

export interface TikaSettings {
	readonly url: string;
	readonly timeoutMs: number;
	/** Files at the server at a time. */
	readonly calls: number;
	/** The setting that rules a type out. */
	readonly refusedTypes: Pick<ReadonlyMap<string, string>, 'get'>;
	readonly clock: Clock;
	/** For tests. */
	readonly maxAnswerBytes?: number;
}

/** Grows whenever the same answer may give other blocks. */
const RENDERING_VERSION = 1;
/** As much as the largest HTML of anybody's. */
const MOST_ANSWER_BYTES = 64 * 1_048_576;

const AWAY_MS = 5_000;
const MOST_OWN_IN_A_ROW = 10;
/** Of one content, before it is called unreadable. */
const MOST_FAILURES = 3;

interface Outside {
	readonly settings: TikaSettings;
	readonly server: TikaServer;
	readonly closing: AbortController;
	readonly turns: Turns;
	readonly suspects: Suspects;
	/** Why nothing is asked, until when by the monotonic clock. */
	away: { readonly error: DocDropError; readonly until: number } | null;
	/** Failures of files' own since one was read or refused. */
	ownInARow: number;
}

/** Waits a moment for the server's version, which is part of its files' fingerprints; a server that is away has none. */
export async function openTikaExtractor(inner: FileExtractor, settings: TikaSettings): Promise<Extractor> {
	const { url, timeoutMs, clock, maxAnswerBytes = MOST_ANSWER_BYTES } = settings;
	const server: TikaServer = { url, timeoutMs, maxAnswerBytes, clock };
	const version = (await versionOfTika(server)) ?? 'unknown';
	const outside: Outside = {
		...{ settings, server, closing: new AbortController() },
		...{ turns: createTurns(settings.calls), suspects: createSuspects(), away: null, ownInARow: 0 },
	};
	return {
		...inner,
		// Of what a reader here takes, the server has no part in.
		fingerprintOf: (mimeType) =>
			inner.mimeTypes.includes(mimeType)
				? inner.fingerprintOf(mimeType)
				: `${inner.fingerprintOf(mimeType)}+tika${RENDERING_VERSION}:${version}`,
		extract: (input, signal) =>
			read(outside, input, signal, {
				inside: (file) => inner.extract(file, signal),
				nothing: (facts) => Promise.resolve({ ...facts, chunks: [] }),
			}),
		stream: (input, sink, signal) =>
			read(outside, input, signal, {
				inside: (file) => inner.stream(file, sink, signal),
				nothing: async (facts) => {
					await sink.begin();
					return facts;
				},
			}),
		close() {
			outside.closing.abort(new DocDropError('shutting_down', 'the extractor is closed'));
			return inner.close();
		},
	};
}

async function read<T>(
	outside: Outside,
	input: FileInput,
	caller: AbortSignal | undefined,
	to: {
		readonly inside: (file: FileInput) => Promise<T>;
		readonly nothing: (facts: DocumentFacts) => Promise<T>;
	},
): Promise<T> {
	try {
		return await to.inside(input);
	} catch (error) {
		if (!isDocDropError(error) || error.unreadType === undefined) throw error;
		const { unreadType: mimeType, message: whyUnread } = error;
		const setting = outside.settings.refusedTypes.get(mimeType);
		if (setting !== undefined) throw unwantedError(mimeType, setting);
		const { signal: closing } = outside.closing;
		const signal = caller === undefined ? closing : AbortSignal.any([caller, closing]);
		signal.throwIfAborted();
		checkPresence(outside);
		const isSuspect = await outside.suspects.has(input.content);
		await outside.turns.enter(signal, { isAlone: isSuspect });
		try {
			const xhtml = await render(outside, { content: input.content, mimeType, whyUnread, isSuspect }, signal);
			if (xhtml !== null) return await to.inside({ ...input, content: xhtml, mimeType, isRendered: true });
			return await to.nothing({ title: null, mimeType, warnings: ['no text was found in the file'] });
		} finally {
			outside.turns.leave();
		}
	}
}

interface UnreadFile extends Pick<FileInput, 'content' | 'mimeType'> {
	readonly whyUnread: string;
	/** It has failed before. */
	readonly isSuspect: boolean;
}

/** What the server makes of a file; null: nothing. */
async function render(
	outside: Outside,
	{ isSuspect, ...file }: UnreadFile,
	signal: AbortSignal,
): Promise<Uint8Array | null> {
	checkPresence(outside);
	if (isSuspect && (await versionOfTika(outside.server)) === null)
		throw takenForAway(outside, outsideUnavailable('does not answer'));
	const result = await putToTika(outside.server, file, signal);
	if (result.kind === 'failed' && result.error.code === 'extractor_unavailable')
		throw await judge(outside, { ...file, isSuspect }, result);
	outside.away = null;
	outside.ownInARow = 0;
	if (isSuspect) await outside.suspects.clear(file.content);
	if (result.kind === 'read') return result.xhtml;
	throw result.error;
}

/** What a failure is told as: the file's own for good or for now, or the server's. */
async function judge(
	outside: Outside,
	{ content, mimeType, isSuspect }: UnreadFile,
	{ error, mayBeOwn }: Extract<TikaResult, { kind: 'failed' }>,
): Promise<DocDropError> {
	if (!mayBeOwn || outside.ownInARow >= MOST_OWN_IN_A_ROW) return takenForAway(outside, error);
	const isThere = (await versionOfTika(outside.server)) !== null;
	const failures = await outside.suspects.failed(content);
	if (!isThere) takenForAway(outside, error);
	// Contents are counted, not tries: a few that fail every time say nothing of the server.
	if ((isThere || isSuspect) && failures === 1) outside.ownInARow += 1;
	if (failures >= MOST_FAILURES) {
		await outside.suspects.clear(content);
		const message = `the file could not be read as ${mimeType} in ${failures} attempts; ${error.message}`;
		return new DocDropError('unreadable', message, { cause: error });
	}
	if (!isThere) return error;
	const { hint, peerStatus } = error;
	return new DocDropError(error.code, error.message, {
		...{ hint, isOwn: true, cause: error },
		...(peerStatus !== undefined && { peerStatus }),
	});
}

/** Nothing is asked for a while. */
function takenForAway(outside: Outside, error: DocDropError): DocDropError {
	const pauseMs = Math.max(AWAY_MS, error.retryAfterMs ?? 0);
	outside.away = { error, until: outside.settings.clock.monotonic() + pauseMs };
	return error;
}

/** Throws what the last try ended with where the server was found away a moment ago. */
function checkPresence({ away, settings }: Outside): void {
	if (away === null) return;
	const retryAfterMs = Math.ceil(away.until - settings.clock.monotonic());
	if (retryAfterMs <= 0) return;
	const { code, message, hint } = away.error;
	throw new DocDropError(code, message, { hint, retryAfterMs });
}
