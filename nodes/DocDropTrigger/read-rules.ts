/**
 * What n8n's own file nodes may read (N8N_RESTRICT_FILE_ACCESS_TO and its like), as n8n reads its settings. Knows paths
 * alone, and never looks at the disk but for a setting that lies in a file.
 */
import { readFileSync } from 'node:fs';
import { isAbsolute, join, posix, relative, resolve, sep } from 'node:path';

/** What of the machine n8n's rules depend on. */
export interface Machine {
	readonly env: Readonly<Record<string, string | undefined>>;
	/** Home directory. */
	readonly home: string;
}

export interface Rules {
	/** The setting as it stands, and the directories it names; none: all may be read. */
	readonly allowedSetting: string;
	readonly allowed: readonly string[];
	readonly ownFolders: readonly string[];
	/** A pattern that is no regular expression blocks everything. */
	readonly patterns: readonly { readonly text: string; readonly expression: RegExp | null }[];
}

export const ALLOWED = 'N8N_RESTRICT_FILE_ACCESS_TO';
export const OWN = 'N8N_BLOCK_FILE_ACCESS_TO_N8N_FILES';
export const PATTERNS = 'N8N_BLOCK_FILE_PATTERNS';

export function readRules({ env, home }: Machine): Rules {
	const allowedSetting = readEnv(env, ALLOWED) ?? '~/.n8n-files';
	const patterns = listOf(readEnv(env, PATTERNS) ?? '^(?:[^/]*/)*\\.git(?:/.*)?$', ';');
	return {
		allowedSetting,
		allowed: listOf(allowedSetting, ';').map((path) =>
			path.startsWith('~') ? path.replace('~', home) : path,
		),
		ownFolders: env[OWN] === 'false' ? [] : ownFolders(env, home),
		patterns: patterns.map((text) => ({ text, expression: compile(text) })),
	};
}

/** Where n8n keeps what is its own: its database and key, its caches, extensions and binary data. */
function ownFolders(env: Machine['env'], home: string): string[] {
	const userHome = env['N8N_USER_FOLDER'] ?? home;
	return [
		join(userHome, '.n8n'),
		join(userHome, '.cache/n8n/public'),
		...listOf(env['N8N_CONFIG_FILES'] ?? '', ','),
		...listOf(env['N8N_CUSTOM_EXTENSIONS'] ?? '', ';'),
		...listOf(env['N8N_BINARY_DATA_STORAGE_PATH'] ?? '', '\0'),
	];
}

/** As n8n reads its settings: by name, or from the file that `<name>_FILE` names. */
function readEnv(env: Machine['env'], name: string): string | undefined {
	const plain = (value: string) => value.trim().replace(/^(['"])(.*)\1$/, '$2');
	const value = env[name];
	if (value !== undefined) return plain(value);
	const file = env[`${name}_FILE`];
	return file === undefined || file === '' ? undefined : plain(readFileSync(file, 'utf8'));
}

const listOf = (text: string, separator: string): string[] =>
	text
		.split(separator)
		.map((part) => part.trim())
		.filter((part) => part !== '');

function compile(text: string): RegExp | null {
	try {
		return new RegExp(text, 'mi');
	} catch {
		return null;
	}
}

type Refusal = { readonly name: typeof ALLOWED | typeof OWN | typeof PATTERNS; readonly detail: string };

/** `path` has no symbolic links: so n8n's nodes look at it. */
export function refusalOf(path: string, rules: Rules): Refusal | null {
	const own = rules.ownFolders.find((folder) => isWithin(folder, path));
	if (own !== undefined) return { name: OWN, detail: own };
	const normal = posix.normalize(path.replaceAll('\\', '/'));
	const pattern = rules.patterns.find(({ expression }) => expression === null || expression.test(normal));
	if (pattern !== undefined) return { name: PATTERNS, detail: pattern.text };
	const isAllowed = rules.allowed.length === 0 || rules.allowed.some((folder) => isWithin(folder, path));
	return isAllowed ? null : { name: ALLOWED, detail: rules.allowedSetting };
}

export function isWithin(parent: string, child: string): boolean {
	const way = relative(resolve(parent), resolve(child));
	return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}
