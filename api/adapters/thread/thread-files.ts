/**
 * The one place that finds the files of worker threads and what is packed beside them. From source, names are paths
 * below `api/`; in the bundle this module is part of `cli.mjs` or of a shared chunk, both directly in `dist/api`,
 * and threads lie below that folder as `.mjs`.
 */
const fromSource = import.meta.url.endsWith('.ts');
const root = new URL(fromSource ? '../../' : './', import.meta.url);

/** `adapters/sqlite-vec/index-writer` -> the file that `new Worker` takes. */
export function threadFile(name: string): URL {
	return new URL(`${name}${fromSource ? '.ts' : '.mjs'}`, root);
}

/** A file that the build packs into `dist/api`, such as a native library; null when running from source. */
export function packedFile(path: string): URL | null {
	return fromSource ? null : new URL(path, root);
}
