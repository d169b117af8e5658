import type { DocKey, PointTally } from '../../ports/index.ts';
import type { TenantPoints } from './tables.ts';

/**
 * What the index must hold of each tenant, counted as manifests and intents move: what is published and at rest is
 * there; of a document that an attempt has begun to write, anything between nothing and all of its entries.
 */
export type PointTallies = ReturnType<typeof createPointTallies>;

interface Figures {
	least: number;
	most: number;
	moved: number;
	latest: DocKey;
	latestAt: number;
}

const nothing: Figures = { least: 0, most: 0, moved: 0, latest: 0, latestAt: 0 };

/** As rows in the summary of the start: objects would be twice as long. */
export type StoredPoints = readonly [tenant: string, least: number, most: number, latest: DocKey, at: number];

export function createPointTallies({
	counted,
	onUndo,
}: {
	/** When it begins. */
	readonly counted: readonly TenantPoints[];
	readonly onUndo: (step: () => void) => void;
}) {
	let tallies = new Map<string, Figures>();
	function load(rows: readonly TenantPoints[]): void {
		tallies = new Map(rows.map(({ tenant, ...figures }) => [tenant, { ...figures, moved: 0 }]));
	}
	load(counted);

	function of(tenant: string): Figures {
		const known = tallies.get(tenant);
		if (known !== undefined) return known;
		const made = { ...nothing };
		tallies.set(tenant, made);
		return made;
	}
	function move(tenant: string, least: number, most: number): void {
		const figures = of(tenant);
		figures.least += least;
		figures.most += most;
		figures.moved += Math.abs(least) + Math.abs(most);
	}

	return {
		reload: load,

		/** So many more points must be there, and may be there. */
		move(tenant: string, least: number, most: number): void {
			if (least === 0 && most === 0) return;
			move(tenant, least, most);
			onUndo(() => move(tenant, -least, -most));
		},

		published(tenant: string, doc: DocKey, at: number): void {
			const figures = of(tenant);
			const { latest, latestAt } = figures;
			if (at < latestAt) return;
			Object.assign(figures, { latest: doc, latestAt: at });
			onUndo(() => Object.assign(figures, { latest, latestAt }));
		},

		of: (tenant: string): Readonly<Pick<PointTally, 'least' | 'most' | 'moved'> & { latest: DocKey }> =>
			tallies.get(tenant) ?? nothing,

		stored: (): StoredPoints[] =>
			Array.from(tallies, ([tenant, { least, most, latest, latestAt }]): StoredPoints => [
				tenant,
				least,
				most,
				latest,
				latestAt,
			]).filter(([, , most, , at]) => most > 0 || at > 0),
	};
}

export const pointsOf = ([tenant, least, most, latest, latestAt]: StoredPoints): TenantPoints => ({
	...{ tenant, least, most, latest, latestAt },
});
