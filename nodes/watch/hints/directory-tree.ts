/** The directories of one root that are watched, as a tree of names; used by directories.ts. Pure. */
export interface DirectoryNode<Watch> {
	readonly name: string;
	/** Null for the root and for what was cut off. */
	parent: DirectoryNode<Watch> | null;
	/** Null instead of an empty map: most directories are leaves. */
	children: Map<string, DirectoryNode<Watch>> | null;
	/** Null: not watched (yet). */
	watch: Watch | null;
	/** Which directory it was that the watch was put on. */
	identity: string | null;
	/** The scan, by number, that met it last. */
	scan: number;
}

export function newNode<Watch>(name: string, parent: DirectoryNode<Watch> | null): DirectoryNode<Watch> {
	return { name, parent, children: null, watch: null, identity: null, scan: 0 };
}

export function childOf<Watch>(parent: DirectoryNode<Watch>, name: string): DirectoryNode<Watch> {
	parent.children ??= new Map();
	let child = parent.children.get(name);
	if (child === undefined) parent.children.set(name, (child = newNode(name, parent)));
	return child;
}

/** Its path under the root; null where it was cut off, itself or with a directory above it. */
export function pathOf<Watch>(root: DirectoryNode<Watch>, node: DirectoryNode<Watch>): string | null {
	if (node === root) return '';
	let relPath = node.name;
	let above = node.parent;
	for (; above !== null && above !== root; above = above.parent) relPath = `${above.name}/${relPath}`;
	return above === null ? null : relPath;
}

export function cutOff<Watch>(node: DirectoryNode<Watch>): void {
	const siblings = node.parent?.children;
	siblings?.delete(node.name);
	if (node.parent !== null && siblings?.size === 0) node.parent.children = null;
	node.parent = null;
}

/** The node and all below it, those above first. */
export function* nodesOf<Watch>(from: DirectoryNode<Watch>): Generator<DirectoryNode<Watch>> {
	const left = [from];
	for (let node = left.pop(); node !== undefined; node = left.pop()) {
		if (node.children !== null) left.push(...node.children.values());
		yield node;
	}
}
