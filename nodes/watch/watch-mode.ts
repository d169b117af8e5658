/**
 * Whether a root can be watched or must be polled, where the settings leave it open (`auto`). Asked by the
 * engine for each root, at the start and again when a root that was away is back.
 */
import { statfs } from 'node:fs/promises';
import { errorCode } from './disk.ts';

export interface WatchModeChoice {
	readonly mode: 'watch' | 'poll';
	/** For the log: names the file system, never a path. */
	readonly reason: string;
}

/**
 * File systems that others write to behind this system's back: inotify tells only of what was written through
 * this one (man 7 inotify, "Limitations and caveats"). By `f_type` of man 2 statfs: linux/magic.h, and for
 * those it lacks the kernel's or the vendor's module; the table of GNU tail, which polls for the same reason.
 */
const SHARED: ReadonlyMap<number, string> = new Map([
	[0x6969, 'NFS'],
	[0x517b, 'SMB'],
	[0xff534d42, 'CIFS'],
	[0xfe534d42, 'SMB2'],
	// Also WSL's view of Windows drives, and some virtual machines' shared folders.
	[0x01021997, '9P'],
	// Also virtiofs, sshfs, and Docker Desktop's bind mounts.
	[0x65735546, 'FUSE'],
	[0x786f4256, 'VirtualBox shared folder'],
	[0xbacbacbc, 'VMware shared folder'],
	[0x7c7c6673, 'Parallels shared folder'],
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
]);

/** Where all that writes is this system; named for the log alone, as what is in neither table is watched too. */
const LOCAL: ReadonlyMap<number, string> = new Map([
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
]);

/**
 * Decides for one root. `fsType` is `f_type` of its file system, null where it could not be asked. Windows does
 * not say which drive letters are network drives: they are watched.
 */
export function chooseWatchMode(root: {
	readonly platform: NodeJS.Platform;
	readonly dir: string;
	readonly fsType: bigint | null;
}): WatchModeChoice {
	if (root.platform === 'win32') {
		return isUnc(root.dir)
			? { mode: 'poll', reason: 'network path' }
			: { mode: 'watch', reason: 'path on a drive' };
	}
	if (root.platform !== 'linux') return { mode: 'watch', reason: `file system on ${root.platform}` };
	if (root.fsType === null) return { mode: 'watch', reason: 'file system unknown' };
	// A signed 32-bit field on some machines.
	const type = Number(BigInt.asUintN(32, root.fsType));
	const shared = SHARED.get(type);
	if (shared !== undefined) return { mode: 'poll', reason: `${shared} reports no changes made elsewhere` };
	return { mode: 'watch', reason: `file system ${LOCAL.get(type) ?? `0x${type.toString(16)}`}` };
}

/**
 * Asks the file system and decides. Never rejects: a root that is away is to be watched, which fails visibly,
 * and must be asked about again once it is back, as another file system may be there then.
 */
export async function askWatchMode(dir: string): Promise<WatchModeChoice> {
	const { platform } = process;
	try {
		const { type } = await statfs(dir, { bigint: true });
		return chooseWatchMode({ platform, dir, fsType: type });
	} catch (error) {
		const choice = chooseWatchMode({ platform, dir, fsType: null });
		return { ...choice, reason: `${choice.reason} (${errorCode(error)})` };
	}
}

/** `\\server\share`, also with slashes and in its long form; `\\?\C:\` and `\\.\` name what is local. */
function isUnc(dir: string): boolean {
	const path = dir.replaceAll('/', '\\');
	return /^\\\\\?\\UNC\\/i.test(path) || /^\\\\[^\\?.]/.test(path);
}
