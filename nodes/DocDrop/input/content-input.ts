/**
 * Where the bytes of a document come from: text, or a file or binary data, opened with n8n's own helpers only, which
 * hold n8n's rules of file access. What cannot be read is thrown as `ItemFailure`; what is gone is null.
 */
import type { IBinaryData, IExecuteFunctions } from 'n8n-workflow';
import type { Fault } from '../node-errors.ts';
import { ItemFailure, nodeFault } from '../failing.ts';
import type { FileItem } from '../../item.ts';
import type { ByteStream } from '../transport.ts';
import { mountCheck } from './mount-check.ts';

export type Content =
	| { readonly kind: 'text'; readonly text: string }
	| { readonly kind: 'buffer'; readonly bytes: Buffer }
	| {
			readonly kind: 'stream';
			/** Bytes, where it is known before it is opened; what comes decides. */
			readonly size: number | null;
			/** A new stream from the first byte on, at each call. Null: it is gone. */
			open(): Promise<ByteStream | null>;
			/** Of a file that is gone: rejects with an ItemFailure where this process may just not see its folder. */
			confirmGone?(): Promise<void>;
	  };

function codeOf(error: unknown): string | undefined {
	const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
	if (typeof code === 'string') return code;
	return cause === undefined || cause === error ? undefined : codeOf(cause);
}

const isGone = (error: unknown) => ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '');

/** The folder that the trigger follows, as the trigger's machine calls it. */
function folderOf({ path, relPath }: FileItem): string {
	const isUnder = path.replaceAll('\\', '/').endsWith(`/${relPath}`);
	return isUnder ? path.slice(0, -relPath.length - 1) : path;
}

/**
 * The file of a trigger item. Whatever keeps it from being read is worth another try: somebody can mend it without
 * touching the file, and then nothing but a failed execution makes the trigger send it again.
 */
export function fileContent(context: IExecuteFunctions, item: FileItem): Content {
	const { helpers } = context;
	const folder = folderOf(item);

	async function openOnce(): Promise<ByteStream> {
		return helpers.createReadStream(await helpers.resolvePath(item.path));
	}

	async function open(): Promise<ByteStream | null> {
		try {
			// n8n looks at the path twice, and refuses a file that a save replaced in between.
			const stream = await openOnce().catch((error: unknown) => {
				if (codeOf(error) === undefined) return openOnce();
				throw error;
			});
			mountCheck.opened(folder, item.path);
			return stream;
		} catch (error) {
			// A folder that is missing as a whole says nothing of its files.
			if (isGone(error) && (await isThere(folder))) return null;
			throw await failureOf(error);
		}
	}

	/** n8n resolves what is not there too, but not what would be inside of it. */
	async function isThere(path: string): Promise<boolean> {
		try {
			await helpers.resolvePath(`${path}/.`);
			return true;
		} catch {
			return false;
		}
	}

	async function confirmGone(): Promise<void> {
		const isThereStill = (path: string) =>
			helpers
				.resolvePath(path)
				.then(async (found) => {
					(await helpers.createReadStream(found)).destroy();
					return true;
				})
				.catch(() => false);
		if (!(await mountCheck.sees(folder, isThereStill))) throw new ItemFailure(unseen);
	}

	async function isBlocked(): Promise<boolean> {
		try {
			return helpers.isFilePathBlocked(await helpers.resolvePath(item.path));
		} catch {
			return false;
		}
	}

	async function failureOf(error: unknown): Promise<ItemFailure> {
		const fault = isGone(error) ? missing : (await isBlocked()) ? blocked(folder) : unreadable(codeOf(error));
		return new ItemFailure(fault, error);
	}

	return { kind: 'stream', size: item.size, open, confirmGone };
}

const workers = 'In queue mode, mount the folder on every worker at the same path.';

const missing = nodeFault(
	'folder_missing',
	'the folder of the DocDrop Trigger is not there where this node runs',
	workers,
	{ retryable: true },
);

const unseen = nodeFault(
	'files_missing',
	'the files of the DocDrop Trigger are not there where this node runs: the folder looks empty',
	`${workers} If the files were deleted right after they came, there is nothing to do: the trigger tells of that by itself.`,
	{ retryable: true },
);

const blocked = (folder: string): Fault =>
	nodeFault(
		'file_access',
		'n8n does not allow this node to read the file',
		`Set N8N_RESTRICT_FILE_ACCESS_TO=${folder} in the environment of n8n (several folders are separated by ";") and restart it, every worker too. Files in n8n's own folder, and in folders called .git, are refused always.`,
		{ retryable: true },
	);

const unreadable = (code: string | undefined): Fault =>
	nodeFault(
		'file_unreadable',
		`the file cannot be read${code === undefined ? '' : ` (${code})`}`,
		`Give the user that runs n8n the right to read it. ${workers}`,
		{ retryable: true },
	);

/** Binary data of an item: held in memory by n8n, or stored under an id. */
export function binaryContent({ helpers }: IExecuteFunctions, { id, data, bytes }: IBinaryData): Content {
	if (id === undefined) return { kind: 'buffer', bytes: Buffer.from(data, 'base64') };
	const open = () =>
		helpers.getBinaryStream(id).catch((error: unknown) => {
			throw new ItemFailure(lost, error);
		});
	return { kind: 'stream', size: typeof bytes === 'number' ? bytes : null, open };
}

const lost = nodeFault(
	'binary_missing',
	'the binary data of the item cannot be read',
	'Run the node before it again: n8n removes the binary data of old executions.',
);
