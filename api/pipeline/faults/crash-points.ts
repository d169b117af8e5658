import { DocDropError } from '../../errors.ts';

/**
 * The places where a crash is interesting: between any two of them the effects on disk differ. The process
 * can be told to kill itself at the n-th passage of one (`DOCDROP_CRASH_AT=after-intent:3`, for
 * `npm run crash`); otherwise passing one costs a function call.
 */
export const crashPoints = [
	'after-accept',
	'after-lease',
	'after-embed',
	'after-intent',
	'between-points',
	'before-manifest',
] as const;
export type CrashPoint = (typeof crashPoints)[number];

/** Called at each point; `crashPoint` wherever it is handed on. */
export type ReachCrashPoint = (point: CrashPoint) => void;
export const noCrash: ReachCrashPoint = () => {};

/** Kills the process, as the kernel would, at the n-th passage of the named point. Throws `config_invalid`. */
export function crashAt(setting: string): ReachCrashPoint {
	const [name, nth = '1', ...more] = setting.split(':');
	let left = Number(nth);
	const isKnown = crashPoints.some((point) => point === name);
	if (!isKnown || !Number.isInteger(left) || left < 1 || more.length > 0) {
		throw new DocDropError(
			'config_invalid',
			`DOCDROP_CRASH_AT must be POINT or POINT:N, POINT one of ${crashPoints.join(', ')}, got ${JSON.stringify(setting.slice(0, 200))}`,
			{ field: 'DOCDROP_CRASH_AT' },
		);
	}
	return (point) => {
		if (point === name && (left -= 1) === 0) process.kill(process.pid, 'SIGKILL');
	};
}
