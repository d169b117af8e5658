/**
 * The sources that this process watches, and by how many trigger nodes each: two active copies of a workflow are one
 * source, and only the one whose epoch is newer publishes.
 */
export interface OpenSources {
	/** A node begins to watch as this source. `onAlone` is called each time that another of its nodes has closed and no further one is left. */
	enter(sourceId: string, onAlone: () => void): OpenSource;
}

export interface OpenSource {
	/** No other node watches as the same source. */
	isAlone(): boolean;
	leave(): void;
}

export function createOpenSources(): OpenSources {
	const open = new Map<string, Set<() => void>>();
	return {
		enter(sourceId, onAlone) {
			const nodes = open.get(sourceId) ?? new Set();
			open.set(sourceId, nodes);
			const entry = () => onAlone();
			nodes.add(entry);
			return {
				isAlone: () => nodes.size === 1,
				leave() {
					if (!nodes.delete(entry)) return;
					const [last, ...others] = nodes;
					if (last === undefined) open.delete(sourceId);
					else if (others.length === 0) last();
				},
			};
		},
	};
}
