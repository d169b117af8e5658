import type { Priority } from '../contract/job-schema.ts';
import type { AcceptOptions } from '../pipeline/accept/index.ts';

/** How a change waits, with what the caller left out left out. */
export const waiting = ({
	priority,
	coalesced,
}: {
	readonly priority?: Priority | undefined;
	readonly coalesced?: boolean | undefined;
}): AcceptOptions => ({
	...(priority !== undefined && { priority }),
	...(coalesced !== undefined && { skipWindow: coalesced }),
});
