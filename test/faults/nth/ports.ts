import { DocDropError } from '../../../api/errors.ts';
import type { DocStore } from '../../../api/ports/doc-store.ts';
import type { Embedder } from '../../../api/ports/embedder.ts';
import type { Extractor } from '../../../api/ports/extractor.ts';
import type { Spool, Spools } from '../../../api/ports/spool.ts';
import type { DocWrite, VectorStore } from '../../../api/ports/vector-store.ts';
import type { Gate, PortName } from './gate.ts';

/** The ports as the pipeline sees them, every call through the gate. */
export const refusedByIndex = 'REFUSED-BY-INDEX';
export const refusedByEmbedder = 'REFUSED-BY-EMBEDDER';

type Method = (...args: unknown[]) => Promise<unknown>;

/** All methods of a port that answer later; what answers at once does no I/O. */
function through<T extends object>(
	gate: Gate,
	port: PortName,
	target: T,
	{ atOnce = [] as readonly string[] } = {},
): T {
	const members = Object.entries(target).map(([name, member]) => {
		const isCounted = typeof member === 'function' && name !== 'close' && !atOnce.includes(name);
		if (!isCounted) return [name, member] as const;
		return [name, (...args: unknown[]) => gate.call(port, name, () => (member as Method)(...args))] as const;
	});
	return Object.fromEntries(members) as T;
}

export const gatedDocStore = (gate: Gate, store: DocStore): DocStore => through(gate, 'docStore', store);

export function gatedVectorStore(gate: Gate, store: VectorStore): VectorStore {
	return {
		...through(gate, 'vectorStore', store, { atOnce: ['pack'] }),
		put: (writes, signal) =>
			gate.call(
				'vectorStore',
				'put',
				async () => {
					if (writes.some(({ points }) => points.some(({ content }) => content.includes(refusedByIndex))))
						throw new DocDropError('index_rejected', 'the vector index refused this content');
					await store.put(writes, signal);
				},
				() => store.put(halfOf(writes), signal),
			),
		remove: (tenant, ids, signal) =>
			gate.call(
				'vectorStore',
				'remove',
				() => store.remove(tenant, ids, signal),
				() => store.remove(tenant, ids.slice(0, ids.length >> 1), signal),
			),
		scan: (tenant, docId) => gate.walk('vectorStore', 'scan', store.scan(tenant, docId)),
	};
}

/** Every other point of the new ones, and of those that stay. */
const halfOf = (writes: readonly DocWrite[]): DocWrite[] =>
	writes.map((write) => {
		const points = write.points.filter(
			({ content }, at) => at % 2 === 0 && !content.includes(refusedByIndex),
		);
		const kept = write.kept.filter((_, at) => at % 2 === 0);
		return { ...write, points, kept, reordered: write.reordered.filter(({ id }) => kept.includes(id)) };
	});

export function gatedEmbedder(gate: Gate, embedder: Embedder): Embedder {
	return {
		...embedder,
		embed: (texts, signal) =>
			gate.call('embedder', 'embed', async () => {
				if (texts.some((text) => text.includes(refusedByEmbedder)))
					throw new DocDropError('embedder_rejected', 'the embedder refused this text');
				return embedder.embed(texts, signal);
			}),
	};
}

export const gatedExtractor = (gate: Gate, extractor: Extractor): Extractor =>
	through(gate, 'extractor', extractor);

export function gatedSpools(gate: Gate, spools: Spools): Spools {
	const counted = through(gate, 'spool', spools);
	return {
		...counted,
		async open(key) {
			let opened: Spool | null = null;
			try {
				return await gate.call('spool', 'open', async () => {
					opened = await spools.open(key);
					return through(gate, 'spool', opened, { atOnce: ['pages', 'firstOf'] });
				});
			} catch (error) {
				// Whoever makes files and fails behind that lets go of them.
				await (opened as Spool | null)?.close();
				throw error;
			}
		},
	};
}
