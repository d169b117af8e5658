import assert from 'node:assert/strict';
import { systemClock } from '../../../../nodes/watch/clock.ts';
import { nodeDisk, type Disk } from '../../../../nodes/watch/disk.ts';
import { createDiskScanner } from '../../../../nodes/watch/scan/scanner-on-disk.ts';
import { describeScanner, reporter } from '../../../conformance/scanner.ts';

describeScanner('in the main thread', createDiskScanner);

describe('the scan in the main thread, on a disk that misbehaves', () => {
	const rules = { include: ['file', 'inner'], exclude: ['.*'], followLinks: false };
	const scannerOf = (disk: Partial<Disk>) =>
		createDiskScanner({ rules, disk: { ...nodeDisk, ...disk }, clock: systemClock, log: () => {} });
	const never = new AbortController().signal;
	const fault = (code: string) => Object.assign(new Error('made to fail'), { code });
	const fileStat = { kind: 'file', size: 1, mtimeNs: 1n, ctimeNs: 1n, ino: 1n } as const;

	it('asks for the kind where the listing does not say it, and says what cannot be told', async () => {
		const { report, sinks } = reporter();
		await scannerOf({
			list: async (dir) => ({
				entries: dir.endsWith('/dir')
					? [{ name: 'inner', kind: 'file' }]
					: ['file', 'unwanted', 'dir', 'link', 'pipe', 'lost', 'barred'].map((name) => ({
							name,
							kind: 'unknown' as const,
						})),
				undecodable: [],
			}),
			async stat(path) {
				if (path.endsWith('lost')) throw fault('ENOENT');
				if (path.endsWith('barred')) throw fault('EACCES');
				if (path.endsWith('dir')) return { ...fileStat, kind: 'directory' };
				if (path.endsWith('link')) return { ...fileStat, kind: 'symlink' };
				return path.endsWith('pipe') ? { ...fileStat, kind: 'special' } : fileStat;
			},
		}).scan('/root', sinks, never);
		assert.deepEqual(report.lines.toSorted(), [
			'directory ',
			'directory dir',
			'file dir/inner',
			'file file',
			'skipped link: symbolic link',
			'skipped pipe: not a regular file',
			'unreadable barred: EACCES',
		]);
	});

	it('takes a directory that went as gone, one that cannot be listed as unreadable', async () => {
		const { report, sinks } = reporter();
		await scannerOf({
			async list(dir) {
				if (dir.endsWith('/went')) throw fault('ENOENT');
				if (dir.endsWith('/barred')) throw fault('EIO');
				return { entries: ['went', 'barred'].map((name) => ({ name, kind: 'directory' })), undecodable: [] };
			},
		}).scan('/root', sinks, never);
		assert.deepEqual(report.lines, ['directory ', 'unreadable barred: EIO']);
	});

	it('rejects at once when it is aborted, although the disk never answers', async () => {
		const stop = new AbortController();
		const scan = scannerOf({ list: () => new Promise(() => {}) }).scan(
			'/root',
			reporter().sinks,
			stop.signal,
		);
		stop.abort(new Error('enough'));
		await assert.rejects(scan, /enough/);
	});
});
