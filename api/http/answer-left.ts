import type { FastifyReply } from 'fastify';

/** Resolves when the answer has left, or never will: as long it is in memory, however slowly its caller reads. */
export const answerLeft = ({ raw }: FastifyReply): Promise<void> =>
	new Promise((resolve) => {
		raw.once('close', resolve);
		if (raw.closed) resolve();
	});
