import fs, { type FSWatcher } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

export interface WatchSpy {
	/** Every watch that was opened since, with its path. */
	readonly opened: readonly { readonly path: string; readonly watcher: FSWatcher }[];
	/** Paths of those that are not closed. */
	open(): string[];
	/** Further watches are refused with this code; null: no more. `but` names what is let through. */
	refuse(code: string | null, but?: (path: string) => boolean): void;
	/** Watches that were asked for since, refused ones too. */
	asked(): number;
}

/** Stands between everything and fs.watch, whoever imported it, for the tests of the describe it is called in. */
export function spyOnWatch(): WatchSpy {
	const real = fs.watch;
	const opened: { path: string; watcher: FSWatcher }[] = [];
	const open = new Map<FSWatcher, string>();
	let refusal: { code: string; but: (path: string) => boolean } | null = null;
	let asked = 0;
	beforeEach(() => {
		asked = 0;
		const spy = (path: string, ...rest: unknown[]): FSWatcher => {
			asked += 1;
			if (refusal !== null && !refusal.but(path)) {
				throw Object.assign(new Error('refused by the test'), { code: refusal.code, syscall: 'watch' });
			}
			const watcher = (real as (...all: unknown[]) => FSWatcher)(path, ...rest);
			opened.push({ path, watcher });
			open.set(watcher, path);
			const close = watcher.close.bind(watcher);
			watcher.close = () => {
				open.delete(watcher);
				close();
			};
			return watcher;
		};
		fs.watch = spy as unknown as typeof fs.watch;
		syncBuiltinESMExports();
	});
	afterEach(() => {
		fs.watch = real;
		syncBuiltinESMExports();
		opened.length = 0;
		open.clear();
		refusal = null;
	});
	return {
		opened,
		open: () => [...open.values()],
		refuse: (code, but = () => false) => void (refusal = code === null ? null : { code, but }),
		asked: () => asked,
	};
}
