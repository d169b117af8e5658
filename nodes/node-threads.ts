/** Where the nodes find the files of the watch engine's threads: from source, and from dist/nodes/core.js. */
const fromSource = import.meta.url.endsWith('.ts');

/** `watch/scan/scan-thread` -> the file that `new Worker` takes. */
export function nodeThreadFile(name: string): URL {
	return new URL(`./${name}${fromSource ? '.ts' : '.mjs'}`, import.meta.url);
}
