import type { ThreadBatch, ThreadCall } from './thread-host.ts';
import type { Methods } from './thread-messages.ts';

/**
 * Runs the calls that wait together in one transaction, with one sync to disk, and answers them after it. Where one of
 * them throws, the transaction is undone and each runs in its own, so that a failure stays alone. Where more than
 * `most` wait, they run in several transactions, each answered when it is durable: the main thread works on the
 * answers and on what comes next while this one works on the rest, instead of one waiting for the other.
 */
export function groupCommit(deps: {
	readonly methods: Methods;
	/** Runs `work` in one transaction; where it throws, nothing has happened. */
	readonly transaction: (work: () => unknown[]) => unknown[];
	readonly sizeOf: (call: ThreadCall) => number;
	/** Of one transaction, unless one call alone is larger. */
	readonly most: number;
}): ThreadBatch {
	const { methods, transaction, sizeOf, most } = deps;

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

	return (calls, send) => {
		let group: ThreadCall[] = [];
		let size = 0;
		for (const call of calls) {
			if (group.length > 0 && size + sizeOf(call) > most) {
				runTogether(group);
				send();
				group = [];
				size = 0;
			}
			group.push(call);
			size += sizeOf(call);
		}
		if (group.length > 0) runTogether(group);
	};
}
