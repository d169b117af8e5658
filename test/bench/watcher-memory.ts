import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock } from '../../nodes/watch/clock.ts';
import { createDirectoryHints } from '../../nodes/watch/hints/directories.ts';

/**
 * `node watcher-memory.ts DIR`: what one watch per directory costs, as a process of its own. Prints one line of
 * JSON: resident bytes before and with the watches, directories, files, milliseconds to arm.
 */
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

async function settledBytes(): Promise<number> {
	for (let round = 0; round < 5; round += 1) {
		collect();
		await sleep(50);
	}
	return process.memoryUsage.rss();
}

const dir = process.argv[2] ?? '.';
let files = 0;
const directories = [''];
for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
	if (entry.isDirectory()) directories.push(relative(dir, join(entry.parentPath, entry.name)));
	else files += 1;
}
const before = await settledBytes();
const hints = createDirectoryHints({
	dir,
	excludes: () => false,
	includes: () => true,
	followLinks: false,
	clock: systemClock,
});
const start = performance.now();
hints.start(
	() => {},
	(error) => {
		throw error;
	},
);
for (const relPath of directories) hints.cover(relPath);
hints.scanned({ files, directories: directories.length });
const armMs = Math.round(performance.now() - start);
const after = await settledBytes();
console.log(JSON.stringify({ before, after, directories: directories.length, files, armMs }));
await hints.close();
