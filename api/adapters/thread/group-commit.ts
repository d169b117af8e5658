import type { ThreadBatch, ThreadCall } from './thread-host.ts';
import type { Methods } from './thread-messages.ts';

/**
 * Runs the calls that wait together in one transaction, with one sync to disk, and answers them after it. Where one of
 * them throws, the transaction is undone and each runs in its own, so that a failure stays alone. Where more than
 * `most` wait, they run in several transactions, each answered when it is durable: the main thread works on the
 * answers and on what comes next while this one works on the rest, instead of one waiting for the other.
 *
 * Calls that only read go first, before each transaction those that have come by then: they wait for no sync but the
 * one that is under way, however many writes stand before them. Those that stand `apart` take part in no transaction:
 * they begin when they come, and may take their time.
 */
export function groupCommit(deps: {
	readonly methods: Methods;
	/** Runs `work` in one transaction; where it throws, nothing has happened. */
	readonly transaction: (work: () => unknown[]) => unknown[];
	readonly sizeOf: (call: ThreadCall) => number;
	/** Of one transaction, unless one call alone is larger. */
	readonly most: number;
	/** Names of methods that change nothing. */
	readonly reads?: ReadonlySet<string>;
	/** By name; sync or async. */
	readonly apart?: Methods;
}): ThreadBatch {
	const { methods, transaction, sizeOf, most, reads = new Set(), apart = {} } = deps;

	function run({ method: name, args }: ThreadCall): unknown {
		const method = methods[name];
		if (method === undefined) throw new Error(`no method ${name}`);
		return method(...args);
	}
	function runTogether(calls: readonly ThreadCall[]): void {
		try {
			const results = transaction(() => calls.map(run));
			for (const [index, call] of calls.entries()) call.resolve(results[index]);
		} catch (error) {
			if (calls.length === 1) calls[0]?.reject(error);
			else for (const call of calls) runTogether([call]);
		}
	}
	/** The first calls that fit into one transaction. */
	function firstOf(calls: readonly ThreadCall[]): readonly ThreadCall[] {
		let size = 0;
		const end = calls.findIndex((call, at) => (size += sizeOf(call)) > most && at > 0);
		return end < 0 ? calls : calls.slice(0, end);
	}

	/** The calls that are left. */
	function beginApart(calls: readonly ThreadCall[]): ThreadCall[] {
		return calls.filter((call) => {
			const method = apart[call.method];
			if (method === undefined) return true;
			void (async () => method(...call.args))().then(call.resolve, call.reject);
			return false;
		});
	}

	return (calls, { send, arrived }) => {
		for (let waiting = beginApart(calls); waiting.length > 0; waiting.push(...beginApart(arrived()))) {
			const reading = waiting.filter(({ method }) => reads.has(method));
			if (reading.length > 0) {
				runTogether(reading);
				send();
				waiting = waiting.filter(({ method }) => !reads.has(method));
			}
			const group = firstOf(waiting);
			if (group.length === 0) continue;
			runTogether(group);
			send();
			waiting = waiting.slice(group.length);
		}
	};
}
