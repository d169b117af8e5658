import { createUsage, type QueueUsage, shardOf } from '../../domain/index.ts';
import type { Claimed, DocKey, Lease } from '../../ports/index.ts';
import type { Lane, OpenLane } from './lane-handover.ts';
import type { JobNotes } from '../faults/index.ts';
import { isLarge } from './prepare-large.ts';

/** The documents that the worker has taken on and is not done with, and the lanes that they are in. */
export interface InWork {
	take(claimed: Claimed): TenantLane;
	finish(claimed: Claimed): void;
	/** The job in work of that document; null where there is none. */
	jobOf(tenant: string, docId: string): string | null;
	/** Of large documents one is worked on at a time. */
	hasLarge(): boolean;
	count(): number;
	leases(): Lease[];
	/** By queue key. */
	usage(): QueueUsage[];
}

export interface TenantLane {
	readonly lane: Lane;
	documents: number;
	/** Documents that will be in the lane soon: a batch may wait for them. */
	preparing: number;
}

/** What a large document counts for, however large it is: only pages of it are in memory. */
const largeWeight = 8 * 1_048_576;
const weightOf = (claimed: Claimed): number =>
	isLarge(claimed) ? largeWeight : (claimed.content?.size ?? 0);

export function createInWork(deps: {
	readonly openLane: OpenLane;
	readonly shards: number;
	readonly notes: JobNotes;
	/** Told after each document that is done with. */
	readonly onFinish: () => void;
}): InWork {
	const documents = new Map<DocKey, Claimed>();
	const jobs = new Map<string, string>();
	const lanes = new Map<string, TenantLane>();
	const usage = createUsage();
	let large: Claimed | null = null;

	/** A tenant has a lane for each shard of its index. */
	const nameOf = (tenant: string, docId: string) => JSON.stringify([tenant, docId]);
	const laneKey = ({ tenant, docId }: Claimed) => JSON.stringify([tenant, shardOf(docId, deps.shards)]);

	function laneOf(claimed: Claimed): TenantLane {
		const key = laneKey(claimed);
		const known = lanes.get(key);
		if (known !== undefined) return known;
		const isMoreComing = () => (lanes.get(key)?.preparing ?? 0) > 0;
		const lane = deps.openLane(claimed.tenant, { isMoreComing, onTaken: take, onDone: finish });
		const made = { lane, documents: 0, preparing: 0 };
		lanes.set(key, made);
		return made;
	}

	function take(claimed: Claimed): TenantLane {
		documents.set(claimed.lease.doc, claimed);
		jobs.set(nameOf(claimed.tenant, claimed.docId), claimed.jobId);
		usage.begin(claimed, weightOf(claimed));
		if (isLarge(claimed)) large = claimed;
		const own = laneOf(claimed);
		own.documents += 1;
		return own;
	}

	function finish(claimed: Claimed): void {
		// Where the lease was lost meanwhile, the document may have been claimed again.
		if (documents.get(claimed.lease.doc) === claimed) {
			documents.delete(claimed.lease.doc);
			jobs.delete(nameOf(claimed.tenant, claimed.docId));
		}
		deps.notes.forget(claimed.jobId);
		usage.end(claimed, weightOf(claimed));
		if (large === claimed) large = null;
		const own = laneOf(claimed);
		own.documents -= 1;
		if (own.documents === 0) lanes.delete(laneKey(claimed));
		deps.onFinish();
	}

	return {
		take,
		finish,
		jobOf: (tenant, docId) => jobs.get(nameOf(tenant, docId)) ?? null,
		hasLarge: () => large !== null,
		count: () => documents.size,
		leases: () => Array.from(documents.values(), ({ lease }) => lease),
		usage: () => usage.list(),
	};
}
