import type { FastifyReply } from 'fastify';
import { DocDropError } from '../errors.ts';

/** Nobody reads it; it is no fault of ours. */
const hungUp = () =>
	new DocDropError('invalid', 'the connection must stay open until the answer', { field: 'request' });

/** Aborted when the caller hangs up before it was answered: what waits for a turn of its own is not worth one. */
export function goneSignal({ raw }: FastifyReply): AbortSignal {
	const gone = new AbortController();
	if (raw.closed && !raw.writableFinished) gone.abort(hungUp());
	raw.once('close', () => {
		if (!raw.writableFinished) gone.abort(hungUp());
	});
	return gone.signal;
}
