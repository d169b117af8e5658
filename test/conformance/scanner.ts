import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../nodes/watch/clock.ts';
import { createNodeDisk, type FileStat } from '../../nodes/watch/disk.ts';
import type { ScanRules, Scanner, ScannerFactory, ScanSinks } from '../../nodes/watch/scan/scanner-port.ts';
import { tempDirs } from '../nodes/watch/temp-dirs.ts';

export interface Report {
	begun: number;
	/** Everything in order: `directory a`, `file a/b`, `skipped c: reason`, `unreadable d: CODE`. */
	lines: string[];
	readonly stats: Map<string, FileStat>;
}

export function reporter(onReport: (line: string) => void = () => {}): { report: Report; sinks: ScanSinks } {
	const report: Report = { begun: 0, lines: [], stats: new Map() };
	const add = (line: string) => {
		report.lines.push(line);
		onReport(line);
	};
	const sinks: ScanSinks = {
		begin() {
			report.begun += 1;
			report.lines = [];
			report.stats.clear();
		},
		directory: (relPath) => add(`directory ${relPath}`),
		file(relPath, stat) {
			report.stats.set(relPath, stat);
			add(`file ${relPath}`);
		},
		skipped: (relPath, reason) => add(`skipped ${relPath}: ${reason}`),
		unreadable: (relPath, code) => add(`unreadable ${relPath}: ${code}`),
	};
	return { report, sinks };
}

/** The promises of nodes/watch/scan/scanner-port.ts that every adapter keeps, by their numbers. */
export function describeScanner(name: string, factory: ScannerFactory): void {
	describe(`Scanner ${name}`, () => {
		const made: Scanner[] = [];
		afterEach(async () => {
			for (const scanner of made.splice(0)) await scanner.close();
		});
		const temp = tempDirs();
		const create = (rules: Partial<ScanRules> = {}): Scanner => {
			const all: ScanRules = { include: [], exclude: ['.*'], followLinks: false, ...rules };
			const disk = createNodeDisk({ followLinks: all.followLinks });
			const log = () => assert.fail('nothing to log');
			const scanner = factory({ rules: all, disk, clock: systemClock, log });
			made.push(scanner);
			return scanner;
		};
		const never = new AbortController().signal;
		async function scanned(dir: string, rules: Partial<ScanRules> = {}): Promise<Report> {
			const { report, sinks } = reporter();
			await create(rules).scan(dir, sinks, never);
			assert.equal(report.begun, 1);
			return report;
		}
		const sorted = ({ lines }: Report) => lines.toSorted();
		/** Files, and directories for names that end in a slash. */
		async function tree(paths: readonly string[]): Promise<string> {
			const dir = await temp.make();
			for (const path of paths) {
				const full = join(dir, path);
				await mkdir(path.endsWith('/') ? full : join(full, '..'), { recursive: true });
				if (!path.endsWith('/')) await writeFile(full, path);
			}
			return dir;
		}

		it('1: reports every wanted file once, with its stat', async () => {
			const dir = await tree(['a.txt', 'b.md', 'sub/c.txt', 'sub/deep/er/d.txt', 'ü ö/ß.txt', 'sub.txt/']);
			const report = await scanned(dir, { include: ['*.txt'] });
			assert.deepEqual(
				sorted(report).filter((line) => !line.startsWith('directory')),
				['file a.txt', 'file sub/c.txt', 'file sub/deep/er/d.txt', 'file ü ö/ß.txt'],
			);
			const disk = createNodeDisk({ followLinks: false });
			for (const [relPath, stat] of report.stats)
				assert.partialDeepStrictEqual(await disk.stat(join(dir, relPath)), stat);
		});

		it('2: reports every directory once, the root first and each before its files', async () => {
			const dir = await tree(['a/1', 'a/b/2', 'a/b/c/3', 'empty/', '4']);
			const { lines } = await scanned(dir);
			assert.equal(lines[0], 'directory ');
			assert.deepEqual(
				lines.filter((line) => line.startsWith('directory')).toSorted(),
				['', 'a', 'a/b', 'a/b/c', 'empty'].map((it) => `directory ${it}`),
			);
			for (const [file, parent] of [
				['a/1', 'a'],
				['a/b/2', 'a/b'],
				['a/b/c/3', 'a/b/c'],
			]) {
				assert.ok(lines.indexOf(`directory ${parent}`) < lines.indexOf(`file ${file}`));
			}
		});

		it('3: looks into nothing that is excluded', async () => {
			const dir = await tree(['.hidden', '.git/config', 'drafts/a', 'kept/a', 'kept/drafts/b']);
			await symlink('nowhere', join(dir, '.link'));
			const report = await scanned(dir, { exclude: ['.*', 'drafts'] });
			assert.deepEqual(sorted(report), ['directory ', 'directory kept', 'file kept/a']);
			const byPath = await scanned(dir, { exclude: ['.*', 'kept/**'], include: ['drafts/*'] });
			assert.deepEqual(
				sorted(byPath).filter((line) => line.startsWith('file')),
				['file drafts/a'],
			);
		});

		it('4: skips what is no file, or has no name, and says why', async () => {
			const dir = await tree(['a', 'real \uFFFD', '\uFEFFbom', 'line\nbreak']);
			const raw = (...bytes: number[]) => Buffer.concat([Buffer.from(`${dir}/`), Buffer.from(bytes)]);
			writeFileSync(raw(0x62, 0xff), '');
			mkdirSync(raw(0xfe));
			writeFileSync(Buffer.concat([raw(0xfe), Buffer.from('/inner')]), '');
			execFileSync('mkfifo', [join(dir, 'pipe')]);
			for (const [link, target] of [
				['to-file', 'a'],
				['to-dir', '.'],
				['to-nothing', 'nowhere'],
			] as const) {
				symlinkSync(target, join(dir, link));
			}
			const deep = Array<string>(5).fill('d'.repeat(210)).join('/');
			await mkdir(join(dir, deep, 'deeper'), { recursive: true });
			await writeFile(join(dir, deep, 'f'), '');
			assert.deepEqual(
				sorted(await scanned(dir)).filter((line) => !line.startsWith('directory')),
				[
					'file a',
					'file line\nbreak',
					'file real \uFFFD',
					'file \uFEFFbom',
					'skipped b\uFFFD: the name is not UTF-8',
					`skipped ${deep}: the path is longer than 1024 bytes`,
					'skipped pipe: not a regular file',
					'skipped to-dir: symbolic link',
					'skipped to-file: symbolic link',
					'skipped to-nothing: symbolic link',
					'skipped \uFFFD: the name is not UTF-8',
				].toSorted(),
			);
		});

		it('4: walks what followed links lead to, but never in a circle', async () => {
			const dir = await tree(['a/file', 'b/file']);
			const outside = await tree(['in/x', 'y']);
			const link = (target: string, at: string) => symlinkSync(target, join(dir, at));
			link(join(outside, 'in'), 'out-dir');
			link(join(outside, 'y'), 'out-file');
			link('../b', 'a/b');
			link('../a', 'b/a');
			link('..', 'a/up');
			link('.', 'here');
			link('self', 'self');
			link('nowhere', 'broken');
			link('a/file/below', 'behind-file');
			const report = await scanned(dir, { followLinks: true });
			assert.deepEqual(sorted(report), [
				'directory ',
				'directory a',
				'directory a/b',
				'directory b',
				'directory b/a',
				'directory out-dir',
				'file a/b/file',
				'file a/file',
				'file b/a/file',
				'file b/file',
				'file out-dir/x',
				'file out-file',
				'skipped a/b/a: symbolic link that leads back to a directory on its way',
				'skipped a/up: symbolic link that leads back to a directory on its way',
				'skipped b/a/b: symbolic link that leads back to a directory on its way',
				'skipped b/a/up: symbolic link that leads back to a directory on its way',
				'skipped behind-file: symbolic link that leads nowhere',
				'skipped broken: symbolic link that leads nowhere',
				'skipped here: symbolic link that leads back to a directory on its way',
				'skipped self: symbolic link that leads nowhere',
			]);
			const disk = createNodeDisk({ followLinks: true });
			for (const [relPath, stat] of report.stats) {
				assert.equal(stat.kind, 'file');
				assert.partialDeepStrictEqual(await disk.find(dir, relPath), stat, 'what a scan meets is found');
			}
			for (const relPath of ['a/b/a/file', 'a/up/a/file', 'here/a/file', 'here/out-file', 'broken/x']) {
				await assert.rejects(disk.find(dir, relPath), { code: 'ENOENT' }, relPath);
			}
			assert.equal((await disk.find(dir, 'self')).kind, 'symlink');
		});

		it('5: says of a root that is none, and of a directory that cannot be listed, that they are unreadable', async () => {
			const dir = await tree(['file']);
			assert.deepEqual((await scanned(join(dir, 'none'))).lines, ['unreadable : ENOENT']);
			assert.deepEqual((await scanned(join(dir, 'file'))).lines, ['unreadable : ENOTDIR']);
			// The system takes paths of 4,096 bytes; what is longer was made from within.
			const top = await temp.make();
			const root = join(top, ...Array<string>(14).fill('r'.repeat(250)));
			mkdirSync(root, { recursive: true });
			writeFileSync(join(root, 'a'), '');
			const [one, two, three] = ['s', 't', 'u'].map((letter) => letter.repeat(250));
			try {
				execFileSync('mkdir', ['-p', `${one}/${two}/${three}`], { cwd: root });
				assert.deepEqual(sorted(await scanned(root)), [
					'directory ',
					`directory ${one}`,
					`directory ${one}/${two}`,
					'file a',
					`unreadable ${one}/${two}/${three}: ENAMETOOLONG`,
				]);
			} finally {
				execFileSync('rm', ['-rf', join(root, one ?? '')]);
			}
		});

		it('6: takes a tree that vanishes meanwhile as it was, or not at all', async () => {
			const paths = Array.from({ length: 400 }, (_, at) => `${at % 20}/${at % 5}/${at}`);
			const dir = await tree(paths);
			const { report, sinks } = reporter((line) => {
				const name = /^directory (\d+)$/.exec(line)?.[1];
				if (name !== undefined)
					rmSync(join(dir, `${(Number(name) + 7) % 20}`), { recursive: true, force: true });
			});
			await create().scan(dir, sinks, never);
			assert.deepEqual(
				report.lines.filter((line) => !/^(directory|file) /.test(line)),
				[],
			);
		});

		it('7: stops when it is aborted, and can scan again', async () => {
			const dir = await tree(Array.from({ length: 3000 }, (_, at) => `${at % 100}/${at}`));
			const scanner = create();
			const stop = new AbortController();
			const { report, sinks } = reporter(() => stop.abort(new Error('enough')));
			await assert.rejects(scanner.scan(dir, sinks, stop.signal), /enough/);
			const seen = report.lines.length;
			assert.ok(seen < 2500, `${seen} of 3,000 were reported`);
			await assert.rejects(scanner.scan(dir, sinks, stop.signal), /enough/);
			const again = reporter();
			await scanner.scan(dir, again.sinks, never);
			assert.equal(again.report.stats.size, 3000);
			assert.equal(report.lines.length, seen);
		});

		it('1, 9: lets the event loop turn, however large one directory is, and serves two roots at once', async () => {
			const dir = await temp.make();
			for (let at = 0; at < 5000; at += 1) writeFileSync(join(dir, `${at}`), '');
			const small = await tree(['a/b']);
			let turn = 0;
			let counting = true;
			const count = () => {
				turn += 1;
				if (counting) setImmediate(count);
			};
			count();
			const perTurn = new Map<number, number>();
			const idle = new Int32Array(new SharedArrayBuffer(4));
			const { report, sinks } = reporter(() => {
				perTurn.set(turn, (perTurn.get(turn) ?? 0) + 1);
				// Who takes the reports is slower than who makes them.
				if (report.lines.length % 100 === 0) Atomics.wait(idle, 0, 0, 2);
			});
			const other = reporter();
			const scanner = create();
			await Promise.all([scanner.scan(dir, sinks, never), scanner.scan(small, other.sinks, never)]);
			counting = false;
			assert.equal(report.stats.size, 5000);
			assert.deepEqual(other.report.lines.toSorted(), ['directory ', 'directory a', 'file a/b']);
			const most = Math.max(...perTurn.values());
			assert.ok(most <= 1100, `${most} reports in one turn`);
		});

		it('10: ends what runs when it is closed, and scans no more', async () => {
			const dir = await tree(Array.from({ length: 1000 }, (_, at) => `${at % 50}/${at}`));
			const scanner = create();
			const running = scanner.scan(dir, reporter().sinks, never);
			const rejected = assert.rejects(running, /closed/);
			await scanner.close();
			await rejected;
			await assert.rejects(scanner.scan(dir, reporter().sinks, never), /closed/);
			await scanner.close();
		});
	});
}
