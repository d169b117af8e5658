import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The most memory of a process and its children together, and the most disk of a folder, since the last look. */
export interface Use {
	take(): { readonly rssMb: number; readonly diskMb: number };
	stop(): void;
}

const everyMs = 200;
const megabyte = 1_048_576;

export function watchUse(pid: number, dir: string): Use {
	const peak = { rss: 0, disk: 0 };
	const look = () => {
		const rss = [pid, ...childrenOf(pid)].reduce((sum, one) => sum + residentOf(one), 0);
		peak.rss = Math.max(peak.rss, rss);
		peak.disk = Math.max(peak.disk, sizeOf(dir));
	};
	const timer = setInterval(look, everyMs);
	return {
		take() {
			look();
			const found = { rssMb: Math.round(peak.rss / megabyte), diskMb: Math.round(peak.disk / megabyte) };
			peak.rss = 0;
			peak.disk = 0;
			return found;
		},
		stop: () => clearInterval(timer),
	};
}

const read = (file: string): string => {
	try {
		return readFileSync(file, 'utf8');
	} catch {
		return '';
	}
};
const childrenOf = (pid: number): number[] =>
	read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
const residentOf = (pid: number): number =>
	Number(/^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;

function sizeOf(dir: string): number {
	let sum = 0;
	try {
		for (const entry of readdirSync(dir, { withFileTypes: true })) {
			const path = join(dir, entry.name);
			sum += entry.isDirectory() ? sizeOf(path) : (statSync(path, { throwIfNoEntry: false })?.size ?? 0);
		}
	} catch {
		// It went while it was looked at.
	}
	return sum;
}
