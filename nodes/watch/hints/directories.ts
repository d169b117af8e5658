/**
 * Hints by one fs.watch for each directory that scans meet: about 1.5 kB a directory and nothing a file.
 *
 * A watch belongs to the directory itself, wherever it is moved, and dies with it; so a directory that reports its
 * own move or end, and after every scan every directory, is compared with the one that the watch was put on.
 */
import { watch, type FSWatcher } from 'node:fs';
import { basename, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { errorCode, isGone } from '../disk.ts';
import { directoryIdentity } from './directory-identity.ts';
import { childOf, cutOff, newNode, nodesOf, pathOf, type DirectoryNode } from './directory-tree.ts';
import { isExhausted } from './exhaustion.ts';
import type { Hint, Hints, HintsFactory } from './hints-port.ts';
import { createProbeDir, type ProbeDir } from './probe.ts';

type Node = DirectoryNode<FSWatcher>;

/** Directories that are watched, compared or let go in one turn of the event loop: under a millisecond. */
const PER_TURN = 64;

/** Stands for bytes that are not UTF-8. */
const REPLACEMENT = '\uFFFD';

export const createDirectoryHints: HintsFactory = ({ dir, excludes, includes, clock }) => {
	const rootName = basename(dir);
	let root: Node = newNode('', null);
	/** Null before the start and after the end. */
	let sinks: Parameters<Hints['start']> | null = null;
	let probeDir: ProbeDir | null = null;
	let probeWatch: FSWatcher | null = null;
	/** The scan that runs, or comes next, by number. */
	let scan = 1;
	let isOutOfWatches = false;
	const reported = new Set<string>();
	/** Nodes to be watched or compared. */
	const due = new Set<Node>();
	const cutOffNodes: Node[] = [];
	let turnIsDue = false;
	let closing: Promise<void> | null = null;

	const hint = (relPath: string, kind: Hint['kind']) => sinks?.[0]({ relPath, kind });
	const report = (error: unknown) => sinks?.[1](error);
	const reportOnce = (error: unknown) => {
		const code = errorCode(error);
		if (!reported.has(code)) report(error);
		reported.add(code);
	};

	const queueCheck = (node: Node) => {
		due.add(node);
		wantTurn();
	};
	function wantTurn(): void {
		if (turnIsDue || sinks === null) return;
		turnIsDue = true;
		setImmediate(() => {
			turnIsDue = false;
			let left = PER_TURN;
			for (const node of due) {
				if (left-- === 0) break;
				due.delete(node);
				syncWatch(node);
			}
			closeSome();
			if (due.size > 0 || cutOffNodes.length > 0) wantTurn();
		});
	}

	/** Makes the watch of a node agree with what is at its path. */
	function syncWatch(node: Node): void {
		const relPath = pathOf(root, node);
		if (relPath === null || sinks === null) return;
		let identity: string | null;
		try {
			identity = directoryIdentity(join(dir, relPath));
		} catch (error) {
			reportOnce(error);
			return;
		}
		if (node.watch !== null) {
			if (identity === node.identity) return;
			drop(node);
			hint(relPath, 'directory');
		} else if (identity !== null) putWatch(node, relPath, identity);
		else if (node === root) reportOnce(Object.assign(new Error('the root is away'), { code: 'ENOENT' }));
		else drop(node);
	}

	/** The identity was taken before: what replaced the directory since then is compared with the old one. */
	function putWatch(node: Node, relPath: string, identity: string): void {
		if (isOutOfWatches) return;
		try {
			const watcher = watch(join(dir, relPath), (event, name) => onEvent(node, event, name));
			watcher.on('error', (error) => {
				if (node.watch === watcher) node.watch = null;
				watcher.close();
				report(error);
			});
			node.watch = watcher;
			node.identity = identity;
		} catch (error) {
			isOutOfWatches = isExhausted(error);
			if (node === root || !isGone(error)) reportOnce(error);
			return;
		}
		hint(relPath, 'directory');
	}

	/** Names are not looked up: of a burst of thousands most are files, and a look at a directory does no harm. */
	function onEvent(node: Node, event: string, name: string | null): void {
		const parent = pathOf(root, node);
		if (parent === null) return;
		if (event === 'rename' && name === (node === root ? rootName : node.name)) {
			// Its own end or move comes under its own name; so does what happens to an entry of that name.
			queueCheck(node);
			hint(parent, 'directory');
		} else if (name === null || name.includes(REPLACEMENT)) hint(parent, 'directory');
		else {
			const relPath = parent === '' ? name : `${parent}/${name}`;
			const isDirectory = node.children?.has(name) === true;
			// A new directory has the event of a new file; what is written to has been there before.
			const isUnwanted = event === 'change' && !isDirectory && !includes(relPath);
			if (!isUnwanted && !excludes(relPath)) hint(relPath, isDirectory ? 'directory' : 'file');
		}
	}

	function isRootWatched(): boolean {
		try {
			const identity = directoryIdentity(dir);
			return identity === null || (root.watch !== null && root.identity === identity);
		} catch (error) {
			reportOnce(error);
			return true;
		}
	}

	function watchProbeDir(probe: ProbeDir): void {
		if (probe.dir === null) return;
		try {
			probeWatch = watch(probe.dir, () => probe.seen());
			probeWatch.on('error', report);
		} catch (error) {
			reportOnce(error);
		}
	}

	function drop(node: Node): void {
		cutOff(node);
		if (node === root) root = newNode('', null);
		cutOffNodes.push(node);
		wantTurn();
	}
	/** Closes the watches of some nodes that were cut off. */
	function closeSome(): void {
		for (let left = PER_TURN; left > 0; left -= 1) {
			const node = cutOffNodes.pop();
			if (node === undefined) return;
			node.watch?.close();
			node.watch = null;
			for (const child of node.children?.values() ?? []) {
				child.parent = null;
				cutOffNodes.push(child);
			}
			node.children = null;
		}
	}

	return {
		start(...given) {
			sinks = given;
			watchProbeDir((probeDir = createProbeDir(clock, reportOnce)));
		},
		cover(relPath) {
			if (sinks === null) return;
			root.scan = scan;
			// At once: what changes while the first scan runs is met by the scan or by this watch.
			if (root.watch === null) syncWatch(root);
			let node = root;
			for (const name of relPath === '' ? [] : relPath.split('/')) {
				node = childOf(node, name);
				node.scan = scan;
				if (node.watch === null) queueCheck(node);
			}
		},
		scanned() {
			if (sinks === null) return;
			isOutOfWatches = false;
			if (probeWatch === null && probeDir !== null) watchProbeDir(probeDir);
			// An overrun queue may have swallowed the end or the move of any of them, and what no scan meets is none of ours.
			for (const node of nodesOf(root)) {
				if (node === root || node.scan === scan) queueCheck(node);
				else drop(node);
			}
			scan += 1;
		},
		async probe(ms) {
			const isAlive = probeWatch === null || probeDir === null || (await probeDir.probe(ms));
			return isAlive && (sinks === null || isOutOfWatches || isRootWatched());
		},
		close() {
			sinks = null;
			closing ??= (async () => {
				due.clear();
				cutOffNodes.push(root);
				probeWatch?.close();
				while (cutOffNodes.length > 0) {
					closeSome();
					await nextTurn();
				}
				await probeDir?.close();
			})();
			return closing;
		},
	};
};
