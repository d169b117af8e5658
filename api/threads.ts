/**
 * The one place that finds the files of worker threads and what is packed beside them, from source
 * (`api/threads.ts`, type stripping) and from the bundle (this module is then part of `cli.mjs` or of a shared
 * chunk, both directly in `dist/api`, and threads lie below it as `.mjs`).
 */
const fromSource = import.meta.url.endsWith('.ts');

/** `adapters/sqlite-vec/writer` -> the file that `new Worker` takes. */
export function threadFile(name: string): URL {
	return new URL(`./${name}${fromSource ? '.ts' : '.mjs'}`, import.meta.url);
}

/** A file that the build packs into `dist/api`, such as a native library; null when running from source. */
export function packedFile(path: string): URL | null {
	return fromSource ? null : new URL(`./${path}`, import.meta.url);
}
