/** An answer of a Tika server other than 200 and 204 to an error of the table, with its words where they are safe to show. */
import { DocDropError, type ErrorDetails } from '../../errors.ts';

const CHECK_ADDRESS = 'Check DOCDROP_TIKA_URL: the address of an Apache Tika server, without /tika.';
const CHECK_SERVER = 'Look whether the server of DOCDROP_TIKA_URL runs; accepted changes wait on disk.';
const REFUSED_OUTSIDE = 'Neither DocDrop nor the server of DOCDROP_TIKA_URL reads files of this type.';

const MOST_WORDS = 200;
/** Of an answer that says what went wrong; a stack may follow it. */
const MOST_BYTES = 16 * 1024;
const LONGEST_WAIT_S = 300;

/** Nothing can be read outside now, whatever the file; the work waits. */
export const outsideUnavailable = (what: string, details: ErrorDetails = {}) =>
	new DocDropError('extractor_unavailable', `the outside extractor ${what}`, {
		hint: CHECK_SERVER,
		...details,
	});

/** Something answers, and it is no Tika server. */
export const notTika = (what: string) => outsideUnavailable(what, { hint: CHECK_ADDRESS });

/** What is known of the file that was sent. */
export interface SentFile {
	readonly mimeType: string;
	/** Why no reader here takes it, as a sentence without its end. */
	readonly whyUnread: string;
}

export async function failureOf(
	response: Response,
	{ mimeType, whyUnread }: SentFile,
): Promise<DocDropError> {
	const { status } = response;
	const words = await wordsOf(response);
	const what = `answered ${status}${words === '' ? '' : `: ${words}`}`;
	const details = { peerStatus: status };
	switch (status) {
		case 413:
			return new DocDropError('too_large', `the outside extractor ${what}`, details);
		case 415:
			return new DocDropError('unsupported_type', `${whyUnread}; the outside extractor ${what}`, {
				...{ field: 'mimeType', hint: REFUSED_OUTSIDE },
				...details,
			});
		case 422:
			return new DocDropError(
				/encrypted|password/i.test(words) ? 'encrypted' : 'unreadable',
				`the file could not be read as ${mimeType}; the outside extractor ${what}`,
				details,
			);
		case 429:
		case 503:
			return outsideUnavailable(what, { ...details, ...retryAfter(response) });
		default:
			return status < 500
				? notTika(isRedirect(status) ? `${what}, and redirects are not followed` : what)
				: outsideUnavailable(what, details);
	}
}

const isRedirect = (status: number) => status >= 300 && status < 400;

function retryAfter({ headers }: Response): { readonly retryAfterMs?: number } {
	const header = headers.get('retry-after') ?? '';
	if (!/^\d{1,6}$/.test(header)) return {};
	return { retryAfterMs: Math.min(Number(header), LONGEST_WAIT_S) * 1_000 };
}

/** The first line that Tika says; what it quotes, and what looks like a path or an address, is left out. */
async function wordsOf(response: Response): Promise<string> {
	if (!/^text\/plain\b/i.test(response.headers.get('content-type') ?? '')) {
		await response.body?.cancel().catch(() => undefined);
		return '';
	}
	const [line = ''] = (await headOf(response)).trim().split(/[\r\n]/, 1);
	return line
		.replace(/"[^"]*"?|'[^']*'?/g, '…')
		.replace(/(?:[a-z]{2,8}:|[A-Za-z]:)?[\\/][^\s]*/g, '…')
		.replace(/[\s\0-\x1f]+/g, ' ')
		.slice(0, MOST_WORDS)
		.trim()
		.toWellFormed();
}

async function headOf({ body }: Response): Promise<string> {
	const parts: Uint8Array[] = [];
	let size = 0;
	try {
		// Leaving the loop cancels the rest.
		for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
			parts.push(part);
			size += part.length;
			if (size >= MOST_BYTES) break;
		}
	} catch {
		// What arrived has to do.
	}
	return Buffer.concat(parts).subarray(0, MOST_BYTES).toString();
}
