/**
 * What a backup says of itself, in `backup.json`: written last, so that a folder without it is torn. Untrusted when it is
 * read: a backup may come from anywhere.
 */
export interface BackupManifest {
	readonly format: 1;
	/** Of the program that made it. */
	readonly version: string;
	/** ISO 8601. */
	readonly at: string;
	/** Versions of the schemas of `docs.db` and of `vectors*.db`. */
	readonly schemas: { readonly docs: number; readonly index: number };
	readonly files: readonly BackupFile[];
}

export interface BackupFile {
	/** Under the folder, `/` separated. */
	readonly path: string;
	readonly size: number;
	/** Hex. */
	readonly sha256: string;
}

export const manifestName = 'backup.json';

/** All that a backup may hold; nothing else of a manifest is ever opened or written. */
const known =
	/^(?:docs\.db|vectors(?:-\d{1,3}-of-\d{1,3})?\.db|bodies\/\d{8,16}\.seg|blobs\/[0-9a-f]{64}-[0-9a-f]{8}|watch\/folders\.json)$/;

/** Null for what is none. */
export function readManifest(text: string): BackupManifest | null {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return null;
	}
	const { format, version, at, schemas, files } = (value ?? {}) as Partial<BackupManifest>;
	if (format !== 1 || typeof version !== 'string' || typeof at !== 'string') return null;
	if (!Number.isInteger(schemas?.docs) || !Number.isInteger(schemas?.index)) return null;
	if (!Array.isArray(files) || !files.every(isFile)) return null;
	const paths = new Set(files.map(({ path }: BackupFile) => path));
	return paths.size === files.length && paths.has('docs.db') ? (value as BackupManifest) : null;
}

function isFile(value: unknown): boolean {
	const { path, size, sha256 } = (value ?? {}) as Partial<BackupFile>;
	if (typeof path !== 'string' || !known.test(path)) return false;
	return Number.isSafeInteger(size) && typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256);
}
