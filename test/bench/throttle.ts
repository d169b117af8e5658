import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { throttle } from '../../nodes/DocDrop/throttle.ts';
import type { Bench, Result } from './bench.ts';
import { printTable, round } from './table.ts';

/**
 * 10,000 calls at once by two executions, and 500 more that are cancelled while they wait, through the throttle of
 * the process. Counted is what a server received, over connections that hold calls up on their way.
 */
const perExecution = 5_000;
const cancelled = 500;
const limit = 4_000;
const windowMs = 60_000;

export async function run(bench: Bench): Promise<Result> {
	const received: { readonly owner: string; readonly at: number }[] = [];
	const server = createServer((asked, answer) => {
		received.push({ owner: asked.url?.slice(1) ?? '', at: performance.now() });
		answer.end();
	});
	await once(server.listen(0, '127.0.0.1'), 'listening');
	const { port } = server.address() as AddressInfo;
	const agent = new Agent({ keepAlive: true, maxSockets: 16 });
	bench.onEnd(() => (agent.destroy(), server.close()));

	const send = (owner: string, signal = bench.signal) => {
		const call = async () => {
			const asked = request({ host: '127.0.0.1', port, path: `/${owner}`, agent }).end();
			const [answer] = (await once(asked, 'response')) as [AsyncIterable<unknown>];
			await Array.fromAsync(answer);
		};
		return throttle.run(owner, call, signal).then(
			() => true,
			() => false,
		);
	};
	const start = performance.now();
	const calls = ['a', 'b'].flatMap((owner) => Array.from({ length: perExecution }, () => send(owner)));
	const stop = new AbortController();
	const extra = Array.from({ length: cancelled }, () => send('c', stop.signal));
	const waiting = throttle.waiting();
	stop.abort();
	const freed = waiting - throttle.waiting();
	const done = (await Promise.all(calls)).filter(Boolean).length;
	const sent = (await Promise.all(extra)).filter(Boolean).length;
	const seconds = (performance.now() - start) / 1000;

	const lost = calls.length - done;
	const maxPerMinute = mostWithin(received.map(({ at }) => at)); // prettier-ignore
	// `a` had asked for everything before `b` did: with its last 1,000, both wait.
	const contested = received.slice(limit, limit + 2 * (perExecution - limit));
	const share = contested.filter(({ owner }) => owner === 'b').length / contested.length;

	const faults: string[] = [];
	if (lost > 0 || received.length !== calls.length + sent) faults.push(`${lost} calls were lost`);
	if (maxPerMinute > limit) faults.push(`${maxPerMinute} calls were received within a minute`);
	if (freed !== cancelled || sent > 0)
		faults.push(`${freed} places were freed of ${cancelled}, ${sent} sent`);
	if (Math.abs(share - 0.5) > 0.02) faults.push(`the second execution had a share of ${share}`);
	printTable([
		['calls', calls.length, `at once, of two executions; done after ${round(seconds, 1)} s`],
		['most in a minute', maxPerMinute, `of all sliding minutes, as the server received them; limit ${limit}`],
		['lost', lost],
		['share', round(share, 3), 'of the second execution, while both waited; goal: half'],
		[
			'freed',
			freed,
			`places of ${cancelled} calls that were cancelled while they waited; ${sent} of them left`,
		],
	]);
	return {
		figures: { calls: calls.length, maxPerMinute, lost, share: round(share, 4), freed, seconds: round(seconds, 1) },
		faults,
	}; // prettier-ignore
}

/** In arrival order, as they are. */
function mostWithin(times: readonly number[]): number {
	let first = 0;
	let most = 0;
	for (const [last, time] of times.entries()) {
		while (time - (times[first] ?? 0) >= windowMs) first += 1;
		most = Math.max(most, last - first + 1);
	}
	return most;
}
