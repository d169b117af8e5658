import { readFileSync } from 'node:fs';
import { settings } from './environment.ts';
import { invalid, type Setting } from './kinds.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** No key is longer, and a file that never ends is nobody's secret. */
const mostCharacters = 65_536;

/**
 * An environment in which each secret that is named by a file (`DOCDROP_API_KEYS_FILE`, as container engines hand
 * secrets over) stands itself. Keys may stand on a line each. Throws `config_invalid`, which names the variable.
 */
export function withSecretFiles(env: Environment): Environment {
	const found: Record<string, string | undefined> = { ...env };
	for (const setting of Object.values(settings) as Setting[]) {
		if (setting.kind !== 'secret' && setting.kind !== 'keys') continue;
		const named = { ...setting, env: `${setting.env}_FILE` };
		const file = env[named.env];
		delete found[named.env];
		if (file === undefined || file === '') continue;
		if ((env[setting.env] ?? '') !== '') throw invalid(named, `empty while ${setting.env} is set`, file);
		const text = readSecret(named, file).trim();
		found[setting.env] = setting.kind === 'keys' ? keysOf(text) : text;
	}
	return found;
}

/** Keys on a line each; what stands behind a # is a comment, and no key that anybody could guess. */
const keysOf = (text: string): string =>
	text
		.split(/\s*\r?\n\s*/)
		.filter((line) => !line.startsWith('#'))
		.join(',');

function readSecret(setting: Setting, file: string): string {
	let text: string;
	try {
		text = readFileSync(file, 'utf8');
	} catch (error) {
		const { code = 'unreadable' } = error as NodeJS.ErrnoException;
		throw invalid(setting, `the path of a file that can be read (${code})`, file);
	}
	if (text.trim() === '' || text.length > mostCharacters)
		throw invalid(setting, `the path of a file of 1 to ${mostCharacters} characters`, file);
	return text;
}
