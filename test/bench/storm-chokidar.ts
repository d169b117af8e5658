import { relative } from 'node:path';
import { watch } from 'chokidar';
import { answerQuestions } from './storm-process.ts';

/** `node storm-chokidar.ts DIR`: what chokidar alone, as it comes, reports of the same load. */
const dir = process.argv[2] ?? '';
let seen = new Set<string>();
let lastAt = Date.now();
let errors = 0;

const watcher = watch(dir, { ignoreInitial: true });
watcher.on('all', (event, path) => {
	seen.add(`${event} ${relative(dir, path)}`);
	lastAt = Date.now();
});
watcher.on('error', () => (errors += 1));
await new Promise((resolve) => watcher.once('ready', () => resolve(null)));
answerQuestions({
	quietMs: () => Date.now() - lastAt,
	seen: () => [...seen],
	errors: () => errors,
	forget() {
		seen = new Set();
		lastAt = Date.now();
	},
});
process.once('SIGTERM', () => process.exit(0));
