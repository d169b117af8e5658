import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { statfsSync } from 'node:fs';
import { askWatchMode, chooseWatchMode } from '../../../nodes/watch/watch-mode.ts';
import { tempDirs } from './temp-dirs.ts';

/** By man 2 statfs, linux/magic.h, and the modules of virtual machines. */
const POLLED: [number, string][] = [
	[0x6969, 'NFS'],
	[0x517b, 'SMB'],
	[0xff534d42, 'CIFS'],
	[0xfe534d42, 'SMB2'],
	[0x01021997, '9P'],
	[0x65735546, 'FUSE'],
	[0x786f4256, 'VirtualBox'],
	[0xbacbacbc, 'VMware'],
	[0x7c7c6673, 'Parallels'],
	[0x00c36400, 'Ceph'],
	[0x5346414f, 'AFS'],
	[0x6b414653, 'AFS'],
	[0x73757245, 'Coda'],
	[0x564c, 'NCP'],
	[0x7461636f, 'OCFS2'],
	[0x01161970, 'GFS2'],
	[0x0bd00bd0, 'Lustre'],
	[0x47504653, 'GPFS'],
	[0x19830326, 'BeeGFS'],
	[0x00c0ffee, 'hostfs'],
];
const WATCHED: [number, string][] = [
	[0xef53, 'ext4'],
	[0x58465342, 'XFS'],
	[0x9123683e, 'Btrfs'],
	[0x01021994, 'tmpfs'],
	[0x794c7630, 'overlayfs'],
	[0x2fc12fc1, 'ZFS'],
	[0xf2f52010, 'F2FS'],
	[0x2011bab0, 'exFAT'],
	[0x4d44, 'FAT'],
	[0x7366746e, 'NTFS'],
	[0x12345678, '0x12345678'],
];

describe('watch mode', () => {
	const temp = tempDirs();
	const onLinux = (fsType: bigint | null) => chooseWatchMode({ platform: 'linux', dir: '/data', fsType });

	for (const [mode, types] of [
		['poll', POLLED],
		['watch', WATCHED],
	] as const) {
		for (const [type, name] of types) {
			it(`is ${mode} on ${name} (0x${type.toString(16)}), and says so`, () => {
				const choice = onLinux(BigInt(type));
				assert.equal(choice.mode, mode);
				assert.ok(choice.reason.includes(name), choice.reason);
				// As a machine says it whose field has 32 bits and a sign.
				assert.deepEqual(onLinux(BigInt.asUintN(64, BigInt(type | 0))), choice);
				assert.deepEqual(onLinux(BigInt(type | 0)), choice);
			});
		}
	}

	it('is watch where the file system cannot be asked', () => {
		assert.deepEqual(onLinux(null), { mode: 'watch', reason: 'file system unknown' });
	});

	it('is poll for network paths of Windows and nothing else there', () => {
		const modeOf = (dir: string) => chooseWatchMode({ platform: 'win32', dir, fsType: 0x6969n }).mode;
		const polled = [
			'\\\\nas\\docs',
			'//nas/docs',
			'\\\\?\\UNC\\nas\\docs',
			'\\\\wsl.localhost\\Debian\\home',
		];
		const watched = ['C:\\docs', 'c:/docs', 'Z:\\', '\\\\?\\C:\\docs', '\\\\.\\C:\\docs', '\\docs'];
		assert.deepEqual(
			polled.map(modeOf),
			polled.map(() => 'poll'),
		);
		assert.deepEqual(
			watched.map(modeOf),
			watched.map(() => 'watch'),
		);
	});

	it('is watch on other systems, where the numbers mean something else', () => {
		assert.equal(chooseWatchMode({ platform: 'darwin', dir: '//a/b', fsType: 0x6969n }).mode, 'watch');
	});

	it('asks the file system, and is not put off by a root that is away', async () => {
		const dir = await temp.make();
		const { type } = statfsSync(dir, { bigint: true });
		const { platform } = process;
		assert.deepEqual(await askWatchMode(dir), chooseWatchMode({ platform, dir, fsType: type }));
		await rm(dir, { recursive: true });
		const away = await askWatchMode(dir);
		assert.equal(away.mode, 'watch');
		assert.match(away.reason, /ENOENT/);
		assert.ok(!away.reason.includes(dir));
	});
});
