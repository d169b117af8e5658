import type { ManifestChunk, ManifestEntry } from './manifest.ts';
import { assignOrder } from './order-key.ts';
import { pointIds } from './point-id.ts';

/**
 * From what the index may hold to what it shall hold: which points enter, stay, move and go. Pure; preview
 * shows it, publish carries it out, and the protocol's exhaustive test walks through it.
 *
 * `gone` is everything that may be there and shall not, orphan points of earlier attempts included. Because of that
 * a crash between two writes leaves nothing behind.
 */
export interface Plan {
	/** To be written with a vector; with their texts, for the intent. */
	readonly added: readonly ManifestChunk[];
	/** Already in the index, with the right vector. */
	readonly kept: readonly string[];
	readonly reordered: readonly { readonly id: string; readonly order: string }[];
	readonly gone: readonly string[];
	/** Entries of the old manifest that will be rewritten or removed: once that has begun, nobody can count on them. */
	readonly uncertain: readonly string[];
	/** The manifest to be, in order. */
	readonly manifest: readonly ManifestEntry[];
}

export interface PlanInput {
	readonly tenant: string;
	readonly docId: string;
	/** In reading order. */
	readonly chunks: readonly Omit<ManifestChunk, 'pointId' | 'order'>[];
	/** What is certainly in the index. */
	readonly manifest: readonly ManifestEntry[];
	/** What may be there beyond it. */
	readonly orphans: readonly string[];
	/** The manifest's points have today's vectors, and nothing on them that only an abandoned attempt has set. */
	readonly canKeep: boolean;
}

export function plan({ tenant, docId, chunks, manifest, orphans, canKeep }: PlanInput): Plan {
	const ids = pointIds(tenant, docId, chunks);
	const before = new Map(manifest.map((entry) => [entry.pointId, entry]));
	const orders = assignOrder(
		manifest.map(({ pointId, order }) => ({ id: pointId, order })),
		ids,
	);
	const added: ManifestChunk[] = [];
	const kept: string[] = [];
	const reordered: { id: string; order: string }[] = [];
	const next: ManifestEntry[] = [];
	for (const [index, chunk] of chunks.entries()) {
		const pointId = ids[index];
		const order = pointId === undefined ? undefined : orders.get(pointId);
		if (pointId === undefined || order === undefined) throw new Error('a chunk without id or order');
		next.push({ pointId, hash: chunk.hash, order });
		const old = before.get(pointId);
		if (old !== undefined && canKeep) {
			kept.push(pointId);
			if (old.order !== order) reordered.push({ id: pointId, order });
		} else {
			const { hash, heading, page, text } = chunk;
			added.push({ pointId, hash, order, heading, page, text });
		}
	}
	const wanted = new Set(ids);
	const gone = [...before.keys(), ...orphans].filter((id) => !wanted.has(id));
	const stays = new Set(kept);
	const uncertain = [...before.keys()].filter((id) => !stays.has(id));
	return { added, kept, reordered, gone, uncertain, manifest: next };
}
