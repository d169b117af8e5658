/** Numbers, sizes and times as people read them. Pure. */
const whole = new Intl.NumberFormat('en');
const tenths = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

export const number = (value: number): string =>
	Math.abs(value) < 10 && !Number.isInteger(value) ? tenths.format(value) : whole.format(Math.round(value));

export const count = (value: number, one: string, many = `${one}s`): string =>
	`${whole.format(value)} ${value === 1 ? one : many}`;

export function bytes(value: number): string {
	if (value < 1_000) return `${whole.format(value)} B`;
	const [unit, size] =
		value < 999_500 ? ['kB', 1e3] : value < 999_500_000 ? (['MB', 1e6] as const) : (['GB', 1e9] as const);
	return `${number(value / Number(size))} ${unit}`;
}

/** In the largest unit that fits, with the next one where it says something. */
export function duration(seconds: number): string {
	if (seconds < 1) return 'under 1 s';
	if (seconds < 60) return `${Math.round(seconds)} s`;
	const minutes = Math.round(seconds / 60);
	if (minutes < 60) return `${minutes} min`;
	const hours = Math.floor(minutes / 60);
	if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
	return `${Math.round(hours / 24)} days`;
}

/** Of a time in the past; what lies a little ahead, because two clocks differ, is now. */
export function ago(iso: string, now: number): string {
	const seconds = (now - Date.parse(iso)) / 1_000;
	if (!Number.isFinite(seconds)) return 'at an unknown time';
	return seconds < 5 ? 'just now' : `${duration(seconds)} ago`;
}

/** In the reader's own time. */
export const clockTime = (ms: number): string =>
	new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' }).format(ms);

export const dateTime = (iso: string): string =>
	Number.isNaN(Date.parse(iso))
		? 'at an unknown time'
		: new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' }).format(Date.parse(iso));
