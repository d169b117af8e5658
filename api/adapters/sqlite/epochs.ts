import type { DatabaseSync } from 'node:sqlite';
import type { KnownEpoch } from '../../domain/index.ts';
import type { EpochsTable } from '../doc-store/index.ts';
import { integer, object, query, text, textOrNull } from './columns.ts';

/**
 * Sources' epochs in SQLite. `ordinal` is the order; `rank`, as the key has been called since the order of all sources
 * was one, is what documents' rows refer to. Anybody can make epochs, so that those in memory are bounded.
 */
export type Epochs = ReturnType<typeof openEpochs>;

type Epoch = KnownEpoch & { name: string | null };

const inMemory = 10_000;

export function openEpochs(db: DatabaseSync) {
	const fields = object<Epoch>({
		...{ key: integer('rank'), sourceId: text('source_id'), epoch: text('epoch') },
		...{ epochOrder: integer('ordinal'), name: textOrNull('name') },
	});
	const sql = {
		byName: query(db, fields, 'FROM epochs WHERE source_id = ? AND epoch = ?'),
		byKey: query(db, fields, 'FROM epochs WHERE rank = ?'),
		newest: query(db, fields, 'FROM epochs WHERE source_id = ? ORDER BY ordinal DESC LIMIT ?'),
		page: query(db, fields, 'FROM epochs WHERE rank > ? ORDER BY rank LIMIT ?'),
		isUsed: query(db, integer('epoch_rank'), 'FROM docs WHERE epoch_rank = ? LIMIT 1'),
		last: query(db, integer('seq'), "FROM sqlite_sequence WHERE name = 'epochs'"),
		insert: db.prepare('INSERT INTO epochs (rank, source_id, epoch, ordinal, name) VALUES (?, ?, ?, ?, ?)'),
		rename: db.prepare('UPDATE epochs SET name = ? WHERE rank = ?'),
		remove: db.prepare('DELETE FROM epochs WHERE rank = ?'),
	};
	const byName = new Map<string, Epoch>();
	const byKey = new Map<number, Epoch>();
	const nameOf = (sourceId: string, epoch: string) => `${sourceId.length}:${sourceId}${epoch}`;

	/** After a transaction was undone, and where there are too many. */
	function forget(): void {
		byName.clear();
		byKey.clear();
	}
	function remember(found: Epoch): Epoch {
		if (byKey.size >= inMemory) forget();
		byName.set(nameOf(found.sourceId, found.epoch), found);
		byKey.set(found.key, found);
		return found;
	}
	function find(sourceId: string, epoch: string): Epoch | undefined {
		const known = byName.get(nameOf(sourceId, epoch));
		if (known !== undefined) return known;
		const found = sql.byName.get(sourceId, epoch);
		return found === undefined ? undefined : remember(found);
	}
	const nextEpochOrder = () => (sql.last.get() ?? 0) + 1;

	const table: EpochsTable = {
		epochOrder: (sourceId, epoch) => find(sourceId, epoch)?.epochOrder,
		nextEpochOrder,
		insertEpoch({ sourceId, epoch, epochOrder }, name) {
			const key = nextEpochOrder();
			sql.insert.run(key, sourceId, epoch, epochOrder, name);
			remember({ key, sourceId, epoch, epochOrder, name });
		},
		nameEpoch(sourceId, epoch, name) {
			const known = find(sourceId, epoch);
			if (known === undefined || known.name === name) return;
			sql.rename.run(name, known.key);
			known.name = name;
		},
		sourceName: (sourceId, epoch) => find(sourceId, epoch)?.name ?? null,
		newestEpochs: (sourceId, limit) => sql.newest.all(sourceId, limit),
		epochsPage: (after, limit) => sql.page.all(after, limit),
		isEpochUsed: (key) => sql.isUsed.get(key) !== undefined,
		removeEpoch(key) {
			sql.remove.run(key);
			const known = byKey.get(key);
			if (known === undefined) return;
			byKey.delete(key);
			byName.delete(nameOf(known.sourceId, known.epoch));
		},
	};
	return {
		table,
		forget,
		/** What a document's row refers to. */
		keyOf({ sourceId, epoch }: Pick<Epoch, 'sourceId' | 'epoch'>): number {
			const known = find(sourceId, epoch);
			if (known === undefined) throw new Error('a document of an unknown epoch');
			return known.key;
		},
		of(key: number): Pick<Epoch, 'sourceId' | 'epoch' | 'epochOrder'> {
			const found = byKey.get(key) ?? sql.byKey.get(key);
			if (found === undefined) throw new Error('a document of an unknown epoch');
			const { sourceId, epoch, epochOrder } = remember(found);
			return { sourceId, epoch, epochOrder };
		},
	};
}
