import { readFile } from 'node:fs/promises';

/** Where disks are mounted on this machine, absolute; nothing but on Linux. Never rejects. */
export const readMountPoints = (): Promise<readonly string[]> =>
	readFile('/proc/self/mountinfo', 'utf8').then(mountPointsOf, () => []);

/** The fifth field of each line, in which a backslash and three octal digits stand for a sign (man 5 proc). */
function mountPointsOf(mountinfo: string): string[] {
	const fields = mountinfo.split('\n').map((line) => line.split(' ')[4] ?? '');
	const paths = fields.map((field) =>
		field.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))),
	);
	return paths.filter((path) => path !== '');
}
