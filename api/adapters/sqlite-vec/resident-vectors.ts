/**
 * The vectors of whole tenants in memory, loaded from the file when somebody searches them, and kept in step with what the
 * writer commits. The file is the truth: what is here may be dropped at any moment, and is wherever it cannot follow.
 *
 * A tenant is resident as of an edition, the count of its changes, which its row in the file has as well: a search takes
 * what is here only where both are the same. For vector-thread.ts alone.
 */
import type { StoredVectors } from './stored-vectors.ts';
import { createTenantVectors, type TenantVectors } from './tenant-vectors.ts';
import { createVectorBlocks, type VectorBlocks } from './vector-blocks.ts';
import type { VectorChange } from './vector-changes.ts';

/** As its row in the file has it. */
export interface TenantState {
	readonly tenant: number;
	readonly edition: number;
	/** At least as many as it has vectors. */
	readonly points: number;
}

interface Resident {
	readonly vectors: TenantVectors;
	edition: number;
}

interface Memory {
	readonly blocks: VectorBlocks;
	readonly dimensions: number;
	/** By tenant; the one that was searched longest ago first. */
	readonly residents: Map<number, Resident>;
}

export interface ResidentVectors {
	/** Says no more than what is committed. */
	follow(changes: readonly VectorChange[]): void;
	/**
	 * As of the state's edition, loaded where they are not there; the file must be of that edition. 'unfit': there is no
	 * room for so many. 'behind': not every change has been told yet.
	 */
	of(state: TenantState): TenantVectors | 'behind' | 'unfit';
	forget(tenant: number): void;
}

export function createResidentVectors(deps: {
	readonly stored: (tenant: number) => StoredVectors;
	readonly dimensions: number;
	readonly maxBytes: number;
}): ResidentVectors {
	const { stored, dimensions, maxBytes } = deps;
	const residents = new Map<number, Resident>();
	const memory: Memory = { blocks: createVectorBlocks(dimensions, maxBytes), dimensions, residents };
	return {
		follow: (changes) => changes.forEach((change) => followOne(memory, change)),
		of(state) {
			const { tenant, edition } = state;
			const resident = residents.get(tenant) ?? load(memory, stored, state);
			if (resident === null) return 'unfit';
			residents.delete(tenant);
			residents.set(tenant, resident);
			return resident.edition === edition ? resident.vectors : 'behind';
		},
		forget: (tenant) => forget(memory, tenant),
	};
}

function forget({ residents }: Memory, tenant: number): void {
	residents.get(tenant)?.vectors.release();
	residents.delete(tenant);
}

/** Blocks for others than `except`, of tenants that were searched longer ago where there are not enough. */
function takeBlocks(memory: Memory, count: number, except: number): number[] | null {
	const { blocks, residents } = memory;
	if (count > blocks.most) return null;
	for (const tenant of residents.keys()) {
		if (blocks.free() >= count) break;
		if (tenant !== except) forget(memory, tenant);
	}
	return blocks.take(count);
}

function load(
	memory: Memory,
	stored: (tenant: number) => StoredVectors,
	{ tenant, edition, points }: TenantState,
): Resident | null {
	const blocksFor = (count: number) => Math.ceil(count / memory.blocks.size);
	// Not even the numbers of the rows are read where there is no room for them.
	if (blocksFor(points) > memory.blocks.most) return null;
	const { rows, each } = stored(tenant);
	const blocks = takeBlocks(memory, blocksFor(rows.length), tenant);
	if (blocks === null) return null;
	const vectors = createTenantVectors(memory.blocks, blocks, rows);
	each(vectors.fill);
	return { vectors, edition };
}

function followOne(memory: Memory, { tenant, edition, rows, vectors }: VectorChange): void {
	const resident = memory.residents.get(tenant);
	// What was loaded has it already.
	if (resident === undefined || edition <= resident.edition) return;
	const another = () => takeBlocks(memory, 1, tenant)?.[0];
	const isFollowed = (row: number, at: number): boolean => {
		const vector = vectors.subarray(at * memory.dimensions, (at + 1) * memory.dimensions);
		if (vector.some((value) => value !== 0)) return resident.vectors.put(row, vector, another);
		resident.vectors.drop(row);
		return true;
	};
	if (edition === resident.edition + 1 && rows.every(isFollowed)) resident.edition = edition;
	else forget(memory, tenant);
}
