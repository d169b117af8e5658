import type { DatabaseSync } from 'node:sqlite';
import { integer, object, query, text, textOrNull } from './columns.ts';

interface Epoch {
	readonly sourceId: string;
	readonly epoch: string;
}

/** Sources' epochs and their ranks, in memory as well: they are few, and asked for at every change. */
export type Epochs = ReturnType<typeof openEpochs>;

export function openEpochs(db: DatabaseSync) {
	const insert = db.prepare('INSERT INTO epochs (source_id, epoch, name) VALUES (?, ?, ?)');
	const rename = db.prepare('UPDATE epochs SET name = ? WHERE rank = ?');
	const fields = {
		...{ rank: integer('rank'), sourceId: text('source_id'), epoch: text('epoch') },
		name: textOrNull('name'),
	};
	const all = query(db, object(fields), 'FROM epochs');
	const ranks = new Map<string, number>();
	const epochs = new Map<number, Epoch>();
	const names = new Map<number, string>();
	const keyOf = ({ sourceId, epoch }: Epoch) => `${sourceId.length}:${sourceId}${epoch}`;

	function remember(rank: number, epoch: Epoch, name: string | null): void {
		ranks.set(keyOf(epoch), rank);
		epochs.set(rank, epoch);
		if (name !== null) names.set(rank, name);
	}
	/** At the start, and after a transaction was undone. */
	function reload(): void {
		ranks.clear();
		epochs.clear();
		names.clear();
		for (const { rank, name, ...epoch } of all.all()) remember(rank, epoch, name);
	}

	reload();
	return {
		reload,
		epochRank(sourceId: string, epoch: string, name: string | null): number {
			const known = ranks.get(keyOf({ sourceId, epoch }));
			if (known === undefined) {
				const rank = Number(insert.run(sourceId, epoch, name).lastInsertRowid);
				remember(rank, { sourceId, epoch }, name);
				return rank;
			}
			if (name !== null && names.get(known) !== name) {
				rename.run(name, known);
				names.set(known, name);
			}
			return known;
		},
		sourceName: (rank: number): string | null => names.get(rank) ?? null,
		of(rank: number): Epoch {
			const epoch = epochs.get(rank);
			if (epoch === undefined) throw new Error('a document of an unknown epoch');
			return epoch;
		},
	};
}
