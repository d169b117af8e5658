/** Finds the native library of sqlite-vec: packed beside the bundle, or in the npm package. */
import { existsSync } from 'node:fs';
import { arch, platform } from 'node:process';
import { fileURLToPath } from 'node:url';
import { getLoadablePath } from 'sqlite-vec';
import { DocDropError } from '../../errors.ts';
import { packedFile } from '../thread/index.ts';

const extensions: Readonly<Record<string, string>> = { win32: 'dll', darwin: 'dylib' };
/** As in the names of the npm packages, `sqlite-vec-windows-x64`. */
const system = platform === 'win32' ? 'windows' : platform;

/** An absolute path. Rejects platforms that sqlite-vec has no library for with `config_invalid`. */
export function vecLibrary(): string {
	const packed = packedFile(`sqlite-vec/${system}-${arch}/vec0.${extensions[platform] ?? 'so'}`);
	if (packed !== null && existsSync(packed)) return fileURLToPath(packed);
	try {
		return getLoadablePath();
	} catch (cause) {
		const hint = 'Set DOCDROP_QDRANT_URL to keep the vectors in Qdrant.';
		throw new DocDropError('config_invalid', `sqlite-vec has no library for ${platform} on ${arch}`, {
			hint,
			cause,
		});
	}
}
