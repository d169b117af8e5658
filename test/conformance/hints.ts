import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { appendFile, mkdir, readdir, rename, rm, symlink, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../nodes/watch/clock.ts';
import type { HintsFactory } from '../../nodes/watch/hints/hints-port.ts';
import { until } from '../nodes/watch/harness.ts';
import { follow, leadsTo, type Follower, type FollowerOptions } from '../nodes/watch/hints/follower.ts';
import { spyOnWatch } from '../nodes/watch/hints/fs-watch.ts';
import { tempDirs } from '../nodes/watch/temp-dirs.ts';

/** Names that are hard to watch, and can be read back. */
const HARD_NAMES = [
	'new\nline',
	'back\\slash',
	'it\'s "quoted"',
	'ü 漢字 \u{1F600}',
	'e\u0301',
	'x'.repeat(255),
];

/** What a root may be called that is hard to watch. */
const ODD_ROOTS = [
	'back\\slash',
	'[a]',
	'*',
	'!x',
	'{a,b}',
	'(x)',
	'end ',
	' ',
	'..a',
	'new\nline',
	'ü 漢字',
	'x'.repeat(255),
];

/** Hints since then, but for those at the root: an adapter may take over from another one at any time. */
const below = ({ seen }: Follower, since: number) =>
	seen.slice(since).filter(({ relPath }) => relPath !== '');

const isHidden = (relPath: string) => relPath.slice(relPath.lastIndexOf('/') + 1).startsWith('.');

/** The promises of nodes/watch/hints/hints-port.ts that every adapter keeps, by their numbers. `files` is what each scan claims to have found. */
export function describeHints(
	name: string,
	factory: HintsFactory,
	{ reports = true, files }: { reports?: boolean; files?: number } = {},
): void {
	describe(`Hints ${name}`, () => {
		const spy = spyOnWatch();
		const following: Follower[] = [];
		afterEach(async () => {
			for (const follower of following.splice(0)) await follower.close();
		});
		// After the closing above, which it follows.
		const temp = tempDirs();
		const start = (dir: string, options: Partial<FollowerOptions> = {}) => {
			const follower = follow(factory, {
				dir,
				...(files !== undefined && { files: () => files }),
				...options,
			});
			following.push(follower);
			return follower;
		};
		const { TMPDIR } = process.env;
		afterEach(() => {
			if (TMPDIR === undefined) delete process.env['TMPDIR'];
			else process.env['TMPDIR'] = TMPDIR;
		});

		it('1, 5: a root that is not there is no reason to throw', async () => {
			const follower = start(join(await temp.make(), 'none'));
			if (reports) await until(() => follower.errors.length > 0 || follower.seen.length > 0);
			assert.equal(await follower.hints.probe(1000), true);
		});

		it('6: is quiet where nothing changes, however often it is scanned', async () => {
			const dir = await temp.make();
			await mkdir(join(dir, 'a/b'), { recursive: true });
			await writeFile(join(dir, 'a/b/c'), 'x');
			const follower = start(dir);
			await follower.quiet();
			const before = [follower.seen.length, follower.errors.length, spy.asked()];
			for (let turn = 0; turn < 5; turn += 1) await follower.scan();
			await follower.quiet();
			assert.deepEqual([follower.seen.length, follower.errors.length, spy.asked()], before);
		});

		it('7: reports nothing after close, and leaves nothing behind', async () => {
			const dir = join(await temp.make(), 'root');
			// More than are let go in one turn.
			const dirs = Array.from({ length: 150 }, (_, n) => join(dir, `d${n}`));
			for (const it of dirs) await mkdir(it, { recursive: true });
			const forTemp = await temp.make();
			process.env['TMPDIR'] = forTemp;
			const follower = start(dir);
			await follower.quiet();
			const before = follower.seen.length;
			const closing = follower.hints.close();
			for (const it of dirs) writeFileSync(join(it, 'f'), 'x');
			await closing;
			await writeFile(join(dir, 'c'), 'x');
			assert.deepEqual(spy.open(), []);
			const asked = spy.asked();
			follower.hints.cover('d1');
			await rm(dir, { recursive: true });
			follower.hints.scanned({ files: 0, directories: 1 });
			assert.equal(await follower.hints.probe(20), true);
			for (let turn = 0; turn < 50; turn += 1) await readdir(forTemp);
			await follower.hints.close();
			assert.equal(follower.seen.length, before);
			assert.equal(spy.asked(), asked);
			assert.deepEqual(await readdir(forTemp), []);
		});

		it('7: can be closed at any time', async () => {
			const dir = await temp.make();
			const hints = factory({
				dir,
				excludes: () => false,
				includes: () => true,
				followLinks: false,
				clock: systemClock,
			});
			await hints.close();
			for (const turns of [0, 1, 3]) {
				const follower = start(dir);
				for (let turn = 0; turn < turns; turn += 1) await new Promise((done) => setImmediate(done));
				await follower.close();
			}
			assert.deepEqual(spy.open(), []);
		});

		it('8: a probe finds it alive, also in a busy process, and writes nothing into the root', async () => {
			const dir = await temp.make();
			await writeFile(join(dir, 'a'), 'x');
			const follower = start(dir);
			await follower.quiet();
			const before = follower.seen.length;
			for (let turn = 0; turn < 3; turn += 1) assert.equal(await follower.hints.probe(1000), true);
			const probing = follower.hints.probe(100);
			const from = performance.now();
			while (performance.now() - from < 300);
			assert.equal(await probing, true);
			assert.deepEqual(await Promise.all([1, 2].map(() => follower.hints.probe(1000))), [true, true]);
			await follower.quiet();
			assert.deepEqual(below(follower, before), []);
			assert.deepEqual(await readdir(dir), ['a']);
		});

		it('8: a probe finds it alive also where the root holds the directory for temporary files', async () => {
			const dir = await temp.make();
			process.env['TMPDIR'] = dir;
			const follower = start(dir, { excludes: isHidden });
			await follower.quiet();
			const before = follower.seen.length;
			for (let turn = 0; turn < 3; turn += 1) assert.equal(await follower.hints.probe(1000), true);
			await follower.quiet();
			assert.deepEqual(below(follower, before), []);
		});

		if (!reports) return;

		it('8: a probe finds it dead', async () => {
			const dir = await temp.make();
			const follower = start(dir);
			await follower.quiet();
			for (const { watcher } of spy.opened) watcher.close();
			assert.equal(await follower.hints.probe(100), false);
			assert.equal(await follower.hints.probe(100), false);
		});

		it('8: a probe finds it dead where the root is not watched, however alive the watcher is', async () => {
			const parent = await temp.make();
			const dir = join(parent, 'p/root');
			await mkdir(dir, { recursive: true });
			const follower = start(dir);
			await follower.quiet();
			assert.equal(await follower.hints.probe(1000), true);
			// Nobody is told.
			await rename(join(parent, 'p'), join(parent, 'q'));
			assert.equal(await follower.hints.probe(1000), true, 'it is away: there is nothing to watch');
			await mkdir(dir, { recursive: true });
			assert.equal(await follower.hints.probe(1000), false);
			await follower.scan();
			await follower.quiet();
			assert.equal(await follower.hints.probe(1000), true);
		});

		for (const name of ODD_ROOTS) {
			it(`9: hints in a root that is called ${JSON.stringify(name.slice(0, 20))}`, async () => {
				const dir = join(await temp.make(), name);
				await mkdir(join(dir, 'sub'), { recursive: true });
				const follower = start(dir);
				await follower.hintedBy(() => writeFile(join(dir, 'f'), 'x'), 'f');
				await follower.hintedBy(() => writeFile(join(dir, 'sub/f'), 'x'), 'sub/f');
				await follower.hintedBy(() => mkdir(join(dir, 'new')), 'new');
				await follower.hintedBy(() => unlink(join(dir, 'f')), 'f');
				assert.equal(await follower.hints.probe(1000), true);
			});
		}

		it('9: hints in a root that is a link to an odd one', async () => {
			const parent = await temp.make();
			await mkdir(join(parent, 'back\\slash/sub'), { recursive: true });
			await symlink(join(parent, 'back\\slash'), join(parent, 'link'));
			const follower = start(join(parent, 'link'));
			await follower.hintedBy(() => writeFile(join(parent, 'back\\slash/sub/f'), 'x'), 'sub/f');
			assert.equal(await follower.hints.probe(1000), true);
		});

		it('3: what is written into files that nobody wants is not hinted at, and a new folder of such a name is', async () => {
			const dir = await temp.make();
			await writeFile(join(dir, 'a.part'), 'x');
			const follower = start(dir, { includes: (relPath) => !relPath.endsWith('.part') });
			await follower.quiet();
			const before = follower.seen.length;
			for (let turn = 0; turn < 5; turn += 1) await appendFile(join(dir, 'a.part'), 'more');
			await follower.hintedBy(() => writeFile(join(dir, 'last'), 'x'), 'last');
			assert.deepEqual(
				below(follower, before).filter(({ relPath }) => relPath !== 'last'),
				[],
			);
			await follower.hintedBy(() => mkdir(join(dir, 'b.part')), 'b.part');
			await follower.hintedBy(() => writeFile(join(dir, 'b.part/f'), 'x'), 'b.part/f');
			await follower.hintedBy(() => rename(join(dir, 'a.part'), join(dir, 'a')), 'a');
		});

		it('2: hints at a file that is created, changed, renamed and removed', async () => {
			const dir = await temp.make();
			await mkdir(join(dir, 'sub/deep'), { recursive: true });
			const follower = start(dir);
			for (const at of ['', 'sub/', 'sub/deep/']) {
				const path = (it: string) => join(dir, at, it);
				await follower.hintedBy(() => writeFile(path('a'), 'one'), `${at}a`);
				await follower.hintedBy(() => appendFile(path('a'), 'two'), `${at}a`);
				await follower.hintedBy(() => rename(path('a'), path('b')), `${at}a`, `${at}b`);
				await follower.hintedBy(() => unlink(path('b')), `${at}b`);
			}
		});

		it('2: hints at what is written into a directory as it is made', async () => {
			const dir = await temp.make();
			const follower = start(dir);
			for (let turn = 0; turn < 4; turn += 1) {
				const at = `t${turn}/a/b/c`;
				await follower.hintedBy(
					() => mkdir(join(dir, at), { recursive: true }).then(() => writeFile(join(dir, at, 'f'), 'x')),
					`${at}/f`,
				);
			}
			await follower.quiet();
		});

		it('2: hints below a directory that was moved in', async () => {
			const dir = await temp.make();
			const outside = await temp.make();
			await mkdir(join(outside, 'x/y'), { recursive: true });
			await writeFile(join(outside, 'x/y/f'), 'x');
			const follower = start(dir);
			await follower.hintedBy(() => rename(join(outside, 'x'), join(dir, 'x')), 'x/y/f');
			await follower.hintedBy(() => appendFile(join(dir, 'x/y/f'), 'y'), 'x/y/f');
			await follower.hintedBy(() => rename(join(dir, 'x'), join(outside, 'x')), 'x');
			await follower.quiet();
			const before = follower.seen.length;
			await writeFile(join(outside, 'x/y/f'), 'elsewhere');
			await follower.hintedBy(() => writeFile(join(dir, 'last'), 'x'), 'last');
			assert.deepEqual(
				follower.seen.slice(before).filter((hint) => hint.relPath.startsWith('x')),
				[],
			);
		});

		it('4: hints below a renamed directory by its new name alone', async () => {
			const dir = await temp.make();
			await mkdir(join(dir, 'old/y/z'), { recursive: true });
			const follower = start(dir);
			await follower.hintedBy(() => rename(join(dir, 'old'), join(dir, 'new')), 'old', 'new');
			await follower.quiet();
			assert.deepEqual(
				spy.open().filter((path) => path.startsWith(join(dir, 'old'))),
				[],
			);
			for (const at of ['', '/y', '/y/z']) {
				const hints = await follower.hintedBy(() => writeFile(join(dir, `new${at}/f`), 'x'), `new${at}/f`);
				assert.deepEqual(
					hints.filter((hint) => hint.relPath.startsWith('old')),
					[],
				);
			}
		});

		it('4: hints by the right names below two directories that swapped theirs', async () => {
			const dir = await temp.make();
			for (const it of ['a', 'b']) await mkdir(join(dir, it, 'same'), { recursive: true });
			const follower = start(dir);
			const swap = async () => {
				await rename(join(dir, 'a'), join(dir, 't'));
				await rename(join(dir, 'b'), join(dir, 'a'));
				await rename(join(dir, 't'), join(dir, 'b'));
			};
			await follower.hintedBy(swap, 'a', 'b');
			for (const [one, other] of ['ab', 'ba'].map((it) => it.split(''))) {
				const hints = await follower.hintedBy(
					() => writeFile(join(dir, `${one}/same/f`), 'x'),
					`${one}/same/f`,
				);
				assert.deepEqual(
					hints.filter((hint) => leadsTo(hint, `${other}/same/f`)),
					[],
				);
			}
		});

		it('4: hints in what took the place of a removed tree', async () => {
			const dir = await temp.make();
			const follower = start(dir);
			const make = async () => {
				await mkdir(join(dir, 'x/y'), { recursive: true });
				await writeFile(join(dir, 'x/y/f'), 'x');
			};
			await follower.hintedBy(make, 'x/y/f');
			await follower.hintedBy(() => rm(join(dir, 'x'), { recursive: true }), 'x');
			await follower.hintedBy(make, 'x/y/f');
			await follower.hintedBy(() => appendFile(join(dir, 'x/y/f'), 'y'), 'x/y/f');
			// In one turn, so that nobody sees that it was away.
			const again = () => {
				rmSync(join(dir, 'x'), { recursive: true });
				mkdirSync(join(dir, 'x/y'), { recursive: true });
				writeFileSync(join(dir, 'x/y/f'), 'x');
			};
			await follower.hintedBy(again, 'x/y/f');
			await follower.hintedBy(() => appendFile(join(dir, 'x/y/f'), 'z'), 'x/y/f');
			await follower.hintedBy(() => rename(join(dir, 'x/y/f'), join(dir, 'x/f')), 'x/f');
		});

		it('2: is not misled by an entry with the name of its directory', async () => {
			const root = await temp.make();
			const dir = join(root, 'docs');
			await mkdir(join(dir, 'docs/docs'), { recursive: true });
			const follower = start(dir);
			await follower.hintedBy(() => writeFile(join(dir, 'docs/docs/docs'), 'x'), 'docs/docs/docs');
			await follower.hintedBy(() => unlink(join(dir, 'docs/docs/docs')), 'docs/docs/docs');
			await follower.hintedBy(
				() => rename(join(dir, 'docs/docs'), join(dir, 'docs/a')),
				'docs/a',
				'docs/docs',
			);
			await follower.hintedBy(() => writeFile(join(dir, 'docs/a/f'), 'x'), 'docs/a/f');
			await follower.hintedBy(() => rm(join(dir, 'docs'), { recursive: true }), 'docs');
			await follower.hintedBy(() => writeFile(join(dir, 'docs'), 'x'), 'docs');
		});

		it('3: neither watches nor hints at what is excluded', async () => {
			const dir = await temp.make();
			await mkdir(join(dir, 'in/.git/objects'), { recursive: true });
			const follower = start(dir, { excludes: isHidden });
			await follower.quiet();
			await writeFile(join(dir, 'in/.git/HEAD'), 'x');
			await writeFile(join(dir, 'in/.swp'), 'x');
			await mkdir(join(dir, '.hidden'));
			await writeFile(join(dir, '.hidden/f'), 'x');
			await follower.hintedBy(() => writeFile(join(dir, 'in/f'), 'x'), 'in/f');
			assert.deepEqual(
				follower.seen.filter((hint) => /(^|\/)\./.test(hint.relPath)),
				[],
			);
			const paths = spy.opened.map(({ path }) => path.slice(dir.length));
			assert.deepEqual(
				paths.filter((path) => path.includes('.git') || path.includes('.hidden')),
				[],
			);
		});

		it('2: follows links to directories where they belong to the tree, and only there', async () => {
			const dir = await temp.make();
			const outside = await temp.make();
			await mkdir(join(outside, 'sub'));
			await symlink(outside, join(dir, 'link'));
			const following = start(dir, { followLinks: true });
			await following.hintedBy(() => writeFile(join(outside, 'sub/f'), 'x'), 'link/sub/f');
			await following.close();
			const not = start(dir, { followLinks: false });
			await not.quiet();
			const before = not.seen.length;
			await writeFile(join(outside, 'sub/f'), 'longer');
			await not.hintedBy(() => writeFile(join(dir, 'g'), 'x'), 'g');
			assert.deepEqual(
				not.seen.slice(before).filter((hint) => hint.relPath !== 'g'),
				[],
			);
		});

		it('2: takes every name, and names that are not UTF-8 do no harm', async () => {
			const dir = await temp.make();
			const follower = start(dir);
			for (const it of HARD_NAMES) {
				await follower.hintedBy(() => mkdir(join(dir, it)), it);
				await follower.hintedBy(() => writeFile(join(dir, it, it), 'x'), `${it}/${it}`);
			}
			await follower.quiet();
			const bad = Buffer.concat([Buffer.from(dir), Buffer.from([0x2f, 0x61, 0xff])]);
			await mkdir(bad);
			await writeFile(Buffer.concat([bad, Buffer.from('/f')]), 'x');
			await follower.hintedBy(() => writeFile(join(dir, 'good'), 'x'), 'good');
			assert.deepEqual(follower.errors, []);
			assert.ok(!follower.seen.some((hint) => hint.relPath.includes('\uFFFD')));
		});

		it('5: hints again in a root that comes, goes and comes back', async () => {
			const dir = join(await temp.make(), 'root');
			const follower = start(dir);
			for (let turn = 0; turn < 3; turn += 1) {
				await mkdir(dir);
				// Nobody is told that a root has come: scans find out.
				await follower.scan();
				await follower.hintedBy(() => mkdir(join(dir, 'sub')), 'sub');
				await follower.hintedBy(() => writeFile(join(dir, 'sub/f'), 'x'), 'sub/f');
				await follower.hintedBy(() => rm(dir, { recursive: true }), '');
			}
		});

		it('5: hints in what took the place of the root', async () => {
			const parent = await temp.make();
			// Its name is none of the excludes' business.
			const dir = join(parent, 'p/.root');
			const make = () => mkdirSync(join(dir, 'sub'), { recursive: true });
			make();
			const follower = start(dir, { excludes: isHidden });
			const replace: (() => Promise<unknown>)[] = [
				async () => rmSync(dir, { recursive: true }),
				() => rename(dir, join(parent, 'moved')),
				// Of this one nothing tells; a scan does.
				() => rename(join(parent, 'p'), join(parent, 'q')),
			];
			for (const away of replace) {
				await follower.quiet();
				await away();
				make();
				await follower.scan();
				await follower.hintedBy(() => writeFile(join(dir, 'f'), 'x'), 'f');
				await follower.hintedBy(() => writeFile(join(dir, 'sub/f'), 'x'), 'sub/f');
			}
		});

		it('5: hints when an empty root goes, whatever it is called', async () => {
			const parent = await temp.make();
			const dir = join(parent, '.root');
			await mkdir(dir);
			const follower = start(dir, { excludes: isHidden });
			await follower.hintedBy(() => rename(dir, join(parent, 'moved')), '');
		});

		it('5: follows a root that is a link to where it leads now', async () => {
			const [one, two] = [await temp.make(), await temp.make()];
			const dir = join(await temp.make(), 'current');
			await symlink(one, dir);
			await mkdir(join(two, 'sub'));
			const follower = start(dir);
			await follower.hintedBy(() => writeFile(join(one, 'f'), 'x'), 'f');
			await symlink(two, `${dir}.new`);
			await rename(`${dir}.new`, dir);
			await follower.scan();
			await follower.hintedBy(() => writeFile(join(two, 'sub/f'), 'x'), 'sub/f');
			await follower.quiet();
			const before = follower.seen.length;
			await writeFile(join(one, 'g'), 'x');
			await follower.hintedBy(() => writeFile(join(two, 'last'), 'x'), 'last');
			assert.ok(!follower.seen.slice(before).some((hint) => hint.relPath === 'g'));
		});

		it('2: hints at each of many files', async () => {
			const dir = await temp.make();
			const dirs = Array.from({ length: 30 }, (_, n) => `d${n}`);
			for (const it of dirs) await mkdir(join(dir, it));
			const follower = start(dir);
			const paths = dirs.flatMap((it) => Array.from({ length: 40 }, (_, n) => `${it}/f${n}`));
			await follower.hintedBy(
				() => Promise.all(paths.map((path) => writeFile(join(dir, path), 'x'))),
				...paths,
			);
			assert.deepEqual(follower.errors, []);
		});

		it('1, 2: hints again after the queue was overrun and nobody heard what happened', async () => {
			const dir = await temp.make();
			await mkdir(join(dir, 'x/y'), { recursive: true });
			const follower = start(dir);
			await follower.quiet();
			const queue = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
			// In turns, as the kernel joins like events; in one turn of the loop, so that nobody reads them.
			for (let n = 0; n < queue + 500; n += 1) appendFileSync(join(dir, n % 2 === 0 ? 'a' : 'b'), 'x');
			rmSync(join(dir, 'x'), { recursive: true });
			mkdirSync(join(dir, 'x/y'), { recursive: true });
			mkdirSync(join(dir, 'unheard/of'), { recursive: true });
			await follower.quiet();
			await follower.hintedBy(() => writeFile(join(dir, 'x/y/f'), 'x'), 'x/y/f');
			await follower.hintedBy(() => writeFile(join(dir, 'unheard/of/f'), 'x'), 'unheard/of/f');
		});

		for (const code of ['ENOSPC', 'EMFILE']) {
			it(`1: says ${code} once, does not crash, and goes on with what it has`, async () => {
				const dir = await temp.make();
				for (let n = 0; n < 5; n += 1) await mkdir(join(dir, `old${n}`));
				const follower = start(dir);
				await follower.quiet();
				spy.refuse(code);
				for (let n = 0; n < 5; n += 1) await mkdir(join(dir, `new${n}`));
				await until(() => follower.errors.length > 0);
				for (let turn = 0; turn < 3; turn += 1) await follower.scan();
				await follower.quiet();
				assert.deepEqual(follower.errors, [code]);
				await follower.hintedBy(() => writeFile(join(dir, 'old3/f'), 'x'), 'old3/f');
				assert.equal(await follower.hints.probe(1000), true);
			});

			it(`1: begins without a single watch where ${code} leaves none`, async () => {
				const dir = await temp.make();
				await mkdir(join(dir, 'sub'));
				spy.refuse(code);
				const follower = start(dir);
				await until(() => follower.errors.length > 0);
				for (let turn = 0; turn < 3; turn += 1) await follower.scan();
				await follower.quiet();
				assert.deepEqual(follower.errors, [code]);
			});
		}

		it('6: a directory whose times or rights change is hinted at, and stays watched', async () => {
			const dir = await temp.make();
			await mkdir(join(dir, 'sub/deep'), { recursive: true });
			const follower = start(dir);
			await follower.quiet();
			for (const it of ['', 'sub', 'sub/deep']) await utimes(join(dir, it), 1, 1);
			await follower.hintedBy(() => writeFile(join(dir, 'sub/deep/f'), 'x'), 'sub/deep/f');
			await follower.quiet();
		});
	});
}
