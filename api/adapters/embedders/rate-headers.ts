/**
 * What an OpenAI-compatible server says of its limits, in the headers of every answer. Nothing of it is believed
 * that is no plain number or duration: what cannot be read is as if it was not said. Pure.
 */
export interface SaidMeter {
	readonly limit: number;
	readonly remaining: number;
	/** Until all of the limit is free again, ms; null where it is not said. */
	readonly resetMs: number | null;
}

export interface SaidLimits {
	readonly requests: SaidMeter | null;
	readonly tokens: SaidMeter | null;
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Nobody is waited for longer than a day on one word. */
const longestMs = 86_400_000;

/** `20ms`, `1s`, `6m0s`, `1h2m3.5s`, or seconds as a plain number; null else. */
export function parseDuration(text: string | null): number | null {
	const said = text?.trim() ?? '';
	if (/^\d{1,9}(\.\d{1,9})?$/.test(said)) return Math.min(longestMs, Number(said) * 1_000);
	if (!/^(\d{1,9}(\.\d{1,9})?(ms|s|m|h|d))+$/.test(said)) return null;
	let ms = 0;
	for (const [, amount, unit] of said.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
		ms += Number(amount) * (units[unit ?? ''] ?? 0);
	}
	return Math.min(longestMs, ms);
}

const count = (text: string | null): number | null =>
	text !== null && /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : null;

export function readLimits(headers: Headers): SaidLimits {
	const meter = (what: 'requests' | 'tokens'): SaidMeter | null => {
		const said = (name: string) => headers.get(`x-ratelimit-${name}-${what}`);
		const limit = count(said('limit'));
		const remaining = count(said('remaining'));
		if (limit === null || remaining === null || limit === 0) return null;
		return { limit, remaining: Math.min(limit, remaining), resetMs: parseDuration(said('reset')) };
	};
	return { requests: meter('requests'), tokens: meter('tokens') };
}

/** Of Retry-After (seconds or a date) or retry-after-ms, which is finer and wins; undefined where nothing is said. */
export function readRetryAfter(headers: Headers, wallNow: number): number | undefined {
	const fine = headers.get('retry-after-ms');
	if (fine !== null && /^\s*\d{1,12}(\.\d+)?\s*$/.test(fine))
		return Math.min(longestMs, Math.ceil(Number(fine)));
	const value = headers.get('retry-after');
	if (value === null) return undefined;
	if (/^\s*\d{1,12}(\.\d+)?\s*$/.test(value)) return Math.min(longestMs, Math.ceil(Number(value) * 1_000));
	const date = Date.parse(value);
	return Number.isNaN(date) ? undefined : Math.min(longestMs, Math.max(0, date - wallNow));
}
