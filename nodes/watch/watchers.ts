/**
 * The watcher of each root, from its start to its replacement. Owned by the engine. A watcher is never believed
 * to live: it is asked for a sign of life every so often, and one that gives none is replaced and its root is
 * scanned, because whatever it missed is nobody's to report.
 */
import type { Clock } from './clock.ts';
import { errorCode } from './disk.ts';
import type { Filter } from './filter.ts';
import type { Hint, Hints, HintsFactory } from './hints/hints-port.ts';
import type { Root } from './identity.ts';
import type { WatchSettings } from './settings.ts';

export interface Watchers {
	/** Watches a root, with a fresh watcher where there was one. */
	watch(root: Root, hints: HintsFactory): Promise<void>;
	/** A scan met a directory of the root. */
	cover(label: string, relPath: string): void;
	/** A scan of the root has ended. */
	scanned(label: string, found: { readonly files: number; readonly directories: number }): void;
	close(): Promise<void>;
}

export function createWatchers(deps: {
	filter: Filter;
	settings: WatchSettings;
	clock: Clock;
	onHint: (root: Root, hint: Hint) => void;
	/** Something went wrong that only a scan can make up for. */
	onTrouble: (root: Root) => void;
	log: (level: 'info' | 'warn' | 'error', event: string, data: Record<string, unknown>) => void;
}): Watchers {
	const { clock, settings, log } = deps;
	const watchers = new Map<string, { readonly hints: Hints; readonly cancelProbe: () => void }>();
	let closed = false;

	async function unwatch(label: string): Promise<void> {
		const before = watchers.get(label);
		watchers.delete(label);
		before?.cancelProbe();
		await before?.hints.close();
	}

	async function watch(root: Root, factory: HintsFactory): Promise<void> {
		await unwatch(root.label);
		if (closed) return;
		const { excludes, includes } = deps.filter;
		const hints = factory({ dir: root.dir, excludes, includes, followLinks: settings.followLinks, clock });
		let cancel = () => {};
		watchers.set(root.label, { hints, cancelProbe: () => cancel() });
		// A watcher that is out of resources says so once for every directory.
		const reported = new Set<string>();
		hints.start(
			(hint) => deps.onHint(root, hint),
			(error) => {
				const code = errorCode(error);
				if (!reported.has(code)) log('warn', 'hints.failed', { root: root.label, code });
				reported.add(code);
				deps.onTrouble(root);
			},
		);
		hints.cover('');
		const isCurrent = () => watchers.get(root.label)?.hints === hints;
		const probe = async () => {
			const alive = await hints.probe(settings.probeWaitMs).catch(() => false);
			if (!isCurrent()) return;
			if (alive) return void (cancel = clock.after(settings.probeEveryMs, () => void probe()));
			log('warn', 'hints.dead', { root: root.label });
			await watch(root, factory);
			deps.onTrouble(root);
		};
		cancel = clock.after(settings.probeEveryMs, () => void probe());
	}

	return {
		watch,
		cover: (label, relPath) => watchers.get(label)?.hints.cover(relPath),
		scanned: (label, found) => watchers.get(label)?.hints.scanned(found),
		async close() {
			closed = true;
			await Promise.all([...watchers.keys()].map(unwatch));
		},
	};
}
