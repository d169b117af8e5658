/**
 * The one way to make elements. Text is set as text, never as markup, so that nothing that a file is called or says can
 * become a part of the page; the page's policy (trusted types) refuses any other way.
 */
type Child = Node | string | number | null | false;
type Property = string | number | boolean | null | undefined | ((event: never) => void);
type Properties = Readonly<Record<string, Property>>;

/** `onclick` and the like take a function; every other property becomes an attribute: true is an empty one, null none. */
export function h<K extends keyof HTMLElementTagNameMap>(
	tag: K,
	properties: Properties = {},
	...children: readonly Child[]
): HTMLElementTagNameMap[K] {
	return dress(document.createElement(tag), properties, children);
}

export function svg<K extends keyof SVGElementTagNameMap>(
	tag: K,
	properties: Properties = {},
	...children: readonly Child[]
): SVGElementTagNameMap[K] {
	return dress(document.createElementNS('http://www.w3.org/2000/svg', tag), properties, children);
}

function dress<E extends Element>(element: E, properties: Properties, children: readonly Child[]): E {
	for (const [name, value] of Object.entries(properties)) {
		if (value === null || value === undefined || value === false) continue;
		if (typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener);
		else element.setAttribute(name, value === true ? '' : String(value));
	}
	fill(element, children);
	return element;
}

function fill(element: Element, children: readonly Child[]): void {
	for (const child of children) {
		if (child === null || child === false) continue;
		element.append(typeof child === 'number' ? String(child) : child);
	}
}

export function replaceContent(element: Element, ...children: readonly Child[]): void {
	element.replaceChildren();
	fill(element, children);
}

/** Only where it differs, so that what somebody selects or hears is left alone. */
export function setText(element: Element, text: string): void {
	if (element.textContent !== text) element.textContent = text;
}

export function setClass(element: Element, name: string): void {
	if (element.getAttribute('class') !== name) element.setAttribute('class', name);
}

/** What stands for one item of a list, and follows it. */
export interface Row<T> {
	readonly node: Element;
	update(item: T): void;
}

/** Elements that stay the same while their items change, so that focus and selection stay where they are. */
export function keyedList<T>(
	parent: Element,
	keyOf: (item: T) => string,
	make: (item: T) => Row<T>,
): (items: readonly T[]) => void {
	let rows = new Map<string, Row<T>>();
	return (items) => {
		const next = new Map<string, Row<T>>();
		let place = parent.firstElementChild;
		for (const item of items) {
			const key = keyOf(item);
			const row = rows.get(key) ?? make(item);
			row.update(item);
			next.set(key, row);
			if (row.node === place) place = place.nextElementSibling;
			else parent.insertBefore(row.node, place);
		}
		for (const [key, { node }] of rows) if (!next.has(key)) node.remove();
		rows = next;
	};
}
