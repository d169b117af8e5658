/**
 * How the parts of a sharded index are named (files, collections), and how an index that was made with another
 * number of shards is noticed. Pure.
 */
import { DocDropError } from '../../errors.ts';

/** One shard bears the name itself, so that an index made before there were shards is an index of one. */
export function shardNames(base: string, shards: number): string[] {
	if (shards === 1) return [base];
	return Array.from({ length: shards }, (_, at) => `${base}-${at + 1}-of-${shards}`);
}

/** Throws `index_mismatch` where one of the names that exist belongs to the index with another number of shards. */
export function refuseOtherShards(base: string, shards: number, existing: readonly string[]): void {
	for (const name of existing) {
		const found = shardsOf(base, name);
		if (found === null || found === shards) continue;
		throw new DocDropError(
			'index_mismatch',
			`DOCDROP_SHARDS must be ${found}, as when the index ${name} was made; it is ${shards}`,
			{
				hint: 'Documents are placed by their number of shards. Set it back, or begin with an empty index and an empty data folder.',
			},
		);
	}
}

function shardsOf(base: string, name: string): number | null {
	if (name === base) return 1;
	if (!name.startsWith(`${base}-`)) return null;
	const count = /^\d+-of-(\d+)$/.exec(name.slice(base.length + 1))?.[1];
	return count === undefined ? null : Number(count);
}
