import type { Schemas } from '@qdrant/js-client-rest';
import { DocDropError } from '../../errors.ts';
import type { InFlight } from './in-flight.ts';
import type { QdrantTransport } from './qdrant-transport.ts';
import type { UpsertBody } from './write-plan.ts';

export interface PointWriter {
	readonly transport: QdrantTransport;
	readonly inFlight: InFlight;
	/** The collection's `/points`. */
	readonly path: string;
}

/** Resolves when all operations of the request are done and visible. */
export async function write(
	{ transport, inFlight, path: points }: PointWriter,
	method: 'POST' | 'PUT',
	path: string,
	body: string | Buffer,
	signal?: AbortSignal,
	expected = 1,
) {
	const sent = { method, path: `${points}${path}?wait=true`, body, signal };
	await inFlight.run(async () => {
		const result = await transport.send<Schemas['UpdateResult'] | Schemas['UpdateResult'][]>(sent);
		const results = Array.isArray(result) ? result : [result];
		// `acknowledged` and `wait_timeout` are answers of 200 as well, for a write that nobody can see yet.
		const pending = results.find((each) => each?.status !== 'completed');
		if (pending === undefined && results.length === expected) return;
		const status = pending?.status ?? 'incomplete';
		throw new DocDropError('index_unavailable', `the vector index has not completed a write (${status})`);
	}, signal);
}

/** Never settles with one of its requests on its way: a straggler could undo what the caller does next. */
export async function upsertAll(
	writer: PointWriter,
	bodies: AsyncIterable<UpsertBody>,
	signal?: AbortSignal,
) {
	const running = new Set<Promise<void>>();
	const failures: unknown[] = [];
	try {
		for await (const { body } of bodies) {
			const sent = write(writer, 'PUT', '', body, signal)
				.catch((error: unknown) => void failures.push(error))
				.finally(() => running.delete(sent));
			running.add(sent);
			// No more are made ready than may be sent: each is some MB.
			if (running.size >= writer.inFlight.allowed()) await Promise.race(running);
			if (failures.length > 0) break;
		}
	} finally {
		await Promise.all(running);
	}
	if (failures.length > 0) throw failures[0];
}
