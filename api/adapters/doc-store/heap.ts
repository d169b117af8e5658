/** Items by an order that may change: the first one at once, every other step in the logarithm of their number. */
export interface Heap<T> {
	first(): T | undefined;
	add(item: T): void;
	/** Nothing where it is not there. */
	remove(item: T): void;
	/** The place of an item that is there has changed. */
	moved(item: T): void;
}

export function createHeap<T>(isBefore: (a: T, b: T) => boolean): Heap<T> {
	const items: T[] = [];
	const places = new Map<T, number>();
	const at = (place: number) => items[place] as T;
	function put(place: number, item: T): void {
		items[place] = item;
		places.set(item, place);
	}

	function rise(item: T, from: number): number {
		let place = from;
		while (place > 0) {
			const above = (place - 1) >> 1;
			if (!isBefore(item, at(above))) break;
			put(place, at(above));
			place = above;
		}
		put(place, item);
		return place;
	}
	function sink(item: T, from: number): void {
		let place = from;
		for (;;) {
			let below = place * 2 + 1;
			if (below >= items.length) break;
			if (below + 1 < items.length && isBefore(at(below + 1), at(below))) below += 1;
			if (!isBefore(at(below), item)) break;
			put(place, at(below));
			place = below;
		}
		put(place, item);
	}
	const settle = (item: T, place: number) => sink(item, rise(item, place));

	return {
		first: () => items[0],
		add: (item) => void rise(item, items.length),
		remove(item) {
			const place = places.get(item);
			if (place === undefined) return;
			places.delete(item);
			const last = items.pop() as T;
			if (last !== item) settle(last, place);
		},
		moved(item) {
			const place = places.get(item);
			if (place !== undefined) settle(item, place);
		},
	};
}
