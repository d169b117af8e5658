import type { DatabaseSync } from 'node:sqlite';
import { integer, object, query, text } from './columns.ts';

interface Epoch {
	readonly sourceId: string;
	readonly epoch: string;
}

/** Sources' epochs and their ranks, in memory as well: they are few, and asked for at every change. */
export type Epochs = ReturnType<typeof openEpochs>;

export function openEpochs(db: DatabaseSync) {
	const insert = db.prepare('INSERT INTO epochs (source_id, epoch) VALUES (?, ?)');
	const fields = { rank: integer('rank'), sourceId: text('source_id'), epoch: text('epoch') };
	const all = query(db, object(fields), 'FROM epochs');
	const ranks = new Map<string, number>();
	const epochs = new Map<number, Epoch>();
	const keyOf = ({ sourceId, epoch }: Epoch) => `${sourceId.length}:${sourceId}${epoch}`;

	function remember(rank: number, epoch: Epoch): void {
		ranks.set(keyOf(epoch), rank);
		epochs.set(rank, epoch);
	}
	/** At the start, and after a transaction was undone. */
	function reload(): void {
		ranks.clear();
		epochs.clear();
		for (const { rank, ...epoch } of all.all()) remember(rank, epoch);
	}

	reload();
	return {
		reload,
		epochRank(sourceId: string, epoch: string): number {
			const known = ranks.get(keyOf({ sourceId, epoch }));
			if (known !== undefined) return known;
			const rank = Number(insert.run(sourceId, epoch).lastInsertRowid);
			remember(rank, { sourceId, epoch });
			return rank;
		},
		of(rank: number): Epoch {
			const epoch = epochs.get(rank);
			if (epoch === undefined) throw new Error('a document of an unknown epoch');
			return epoch;
		},
	};
}
