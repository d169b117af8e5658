import type { Overview } from '../contract/overview-schema.ts';
import { ApiError, ask, askRaw } from './ask-api.ts';
import { eventReader } from './event-reader.ts';

/**
 * The overview as it changes: by events, and where no stream can be had (a proxy that keeps answers back, too many
 * viewers) by asking every few seconds. Rests while nobody looks at the tab, because a browser has few connections.
 */
export type Connection = 'connecting' | 'live' | 'asking' | 'away' | 'resting';

interface Listener {
	onOverview(overview: Overview): void;
	onConnection(connection: Connection): void;
	/** The key is missing or wrong: nothing more is asked until `restart`. */
	onLocked(error: ApiError): void;
}

const pollEveryMs = 3_000;
/** So often it is asked before a stream is tried again. */
const pollsBetween = 10;
/** Two heartbeats and a half: who is silent for longer is gone. */
const longestSilenceMs = 40_000;

interface Following {
	readonly listener: Listener;
	readonly signal: AbortSignal;
}

export function followOverview(listener: Listener): { restart(): void } {
	let current: AbortController | null = null;
	function restart(): void {
		current?.abort();
		current = null;
		if (document.hidden) {
			listener.onConnection('resting');
			return;
		}
		current = new AbortController();
		listener.onConnection('connecting');
		void follow({ listener, signal: current.signal });
	}
	document.addEventListener('visibilitychange', restart);
	return { restart };
}

async function follow(following: Following): Promise<void> {
	const { signal, listener } = following;
	while (!signal.aborted) {
		try {
			// A stream that ended in order had its time: the next one begins at once.
			if (await listen(following)) continue;
			await poll(following);
		} catch (error) {
			if (signal.aborted) return;
			if (isLocked(error)) {
				listener.onLocked(error);
				return;
			}
			listener.onConnection('away');
			await pause(pollEveryMs, signal);
		}
	}
}

/** The key is none, or not good for looking. */
const isLocked = (error: unknown): error is ApiError =>
	error instanceof ApiError && (error.status === 401 || error.status === 403);

/** False where no stream can be had. */
async function listen({ listener, signal }: Following): Promise<boolean> {
	const silence = new AbortController();
	let timer = 0;
	const heard = () => {
		clearTimeout(timer);
		timer = setTimeout(() => silence.abort(), longestSilenceMs);
	};
	heard();
	try {
		const answer = await askRaw('v1/overview/events', { signal: AbortSignal.any([signal, silence.signal]) });
		if (answer.body === null) return false;
		let isTold = false;
		const read = eventReader((data) => {
			isTold = true;
			listener.onOverview(JSON.parse(data) as Overview);
		});
		for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
			heard();
			listener.onConnection('live');
			read(text);
		}
		return isTold;
	} catch (error) {
		if (signal.aborted || isLocked(error)) throw error;
		return false;
	} finally {
		clearTimeout(timer);
	}
}

async function poll({ listener, signal }: Following): Promise<void> {
	for (let nth = 0; nth < pollsBetween && !signal.aborted; nth += 1) {
		listener.onOverview(await ask<Overview>('v1/overview', { signal }));
		listener.onConnection('asking');
		await pause(pollEveryMs, signal);
	}
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		const timer = setTimeout(resolve, ms);
		signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
	});
}
