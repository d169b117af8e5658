import { isIPv4 } from 'node:net';
import { readTypes } from '../contract/file-types.ts';
import { DocDropError } from '../errors.ts';
import { admissionSettings } from './admission-settings.ts';
import { embedderServer } from './embedder-server.ts';
import { folderSettings } from './folder-settings.ts';
import { indexSettings } from './index-settings.ts';
import { intakeSettings } from './intake-settings.ts';
import { covers, invalid, parsers, unknownType, type DeclaredSetting, type Setting } from './kinds.ts';
import { serviceSettings } from './service-settings.ts';
import { workSettings } from './work-settings.ts';

/**
 * Every setting, declared once: name, default, unit and meaning. The process reads them from its environment;
 * the table of docs/settings.md and .env.example are generated from here (`npm run docs:config`), and a test holds them
 * equal.
 */
export const settings = {
	...serviceSettings,
	...indexSettings,
	...workSettings,
	...intakeSettings,
	...admissionSettings,
	...folderSettings,
};

type Parsed<S extends DeclaredSetting> = S extends { readonly oneOf: readonly (infer Choice)[] }
	? Choice
	: ReturnType<(typeof parsers)[S['kind']]>;

/** What the code uses: bytes, milliseconds and shares of one, whatever the unit of the variable is. */
export type Config = { readonly [N in keyof typeof settings]: Parsed<(typeof settings)[N]> };

/**
 * Reads and checks every setting; an unset or empty variable takes its default. Throws `config_invalid`, which
 * names the variable, the demand and the value, also for an unknown DOCDROP_ variable (a typing error must not
 * be silence).
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
	const known = new Set<string>(Object.values(settings).map((setting) => setting.env));
	for (const name of Object.keys(env)) {
		if (name.startsWith('DOCDROP_') && !known.has(name)) {
			throw new DocDropError('config_invalid', `${name} is not a setting`, { field: name });
		}
	}
	const values = Object.entries(settings).map(([name, setting]: [string, DeclaredSetting]) => {
		return [name, parsers[setting.kind](setting, env[setting.env] || setting.default)];
	});
	const config = Object.fromEntries(values) as Config;
	checkTogether(config);
	checkChunks(config, env);
	return config;
}

/** What one setting demands of another. */
function checkTogether(config: Config): void {
	if (!isLoopback(config.host) && config.apiKeys.length === 0 && config.keyring === '') {
		const demand = 'a loopback address while DOCDROP_API_KEYS and DOCDROP_KEYRING are empty';
		throw invalid(settings.host, demand, config.host);
	}
	if ((config.tlsCert === '') !== (config.tlsKey === '')) {
		const [unset, set] =
			config.tlsCert === '' ? [settings.tlsCert, settings.tlsKey] : [settings.tlsKey, settings.tlsCert];
		throw invalid(unset, `set where ${set.env} is`, '');
	}
	const server = embedderServer(config);
	if (server !== null) {
		checkUrl(settings.embedderUrl, server.url);
		if (config.embedderModel === '') throw invalid(settings.embedderModel, 'the name of a model', '');
		if (server.dimensions === 0) throw invalid(settings.embedderDimensions, 'the length of the vectors', '0');
	}
	if (config.reranker === 'tei' || (config.reranker === 'cohere' && config.rerankerUrl !== ''))
		checkUrl(settings.rerankerUrl, config.rerankerUrl);
	if (config.reranker === 'cohere' && config.rerankerModel === '')
		throw invalid(settings.rerankerModel, 'the name of a model', '');
	if (config.qdrantUrl !== '') checkUrl(settings.qdrantUrl, config.qdrantUrl);
	if (config.tikaUrl === '') checkTypesAreRead(config);
	else checkTikaUrl(config.tikaUrl);
}

/** Chunks are cut by one measure, and repeat less than half of themselves. */
function checkChunks(config: Config, env: Readonly<Record<string, string | undefined>>): void {
	const { chunkChars, chunkTokens, chunkOverlap } = settings;
	const chars = env[chunkChars.env] ?? '';
	if (config.chunkTokens !== null && chars !== '')
		throw invalid(chunkChars, `unset where ${chunkTokens.env} is set (${config.chunkTokens})`, chars);
	const [max, of] =
		config.chunkTokens === null ? [config.chunkChars, chunkChars] : [config.chunkTokens, chunkTokens];
	if (config.chunkOverlap !== null && config.chunkOverlap * 2 >= max)
		throw invalid(chunkOverlap, `less than half of ${of.env} (${max})`, String(config.chunkOverlap));
}

/** Without an outside extractor a type that no reader takes is a typing error. */
function checkTypesAreRead(config: Config): void {
	const read = readTypes(config.ocr.length > 0);
	for (const name of ['allowedTypes', 'deniedTypes'] as const) {
		const unread = config[name].find((entry) => !read.some((type) => covers(entry, type)));
		if (unread !== undefined) throw unknownType(settings[name], unread);
	}
}

function checkTikaUrl(url: string): void {
	checkUrl(settings.tikaUrl, url);
	const { username, password, search, hash } = new URL(url);
	if (`${username}${password}${search}${hash}` === '') return;
	const shown = url.replace(/\/\/[^/]*@/, '//…@');
	throw invalid(settings.tikaUrl, 'an http(s) address without a user, a password, ? and #', shown);
}

const isLoopback = (host: string) =>
	host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

/** Shown without what may be a password. */
function checkUrl(setting: Setting, url: string): void {
	if (/^https?:\/\//.test(url) && URL.canParse(url)) return;
	throw invalid(setting, 'an http(s) address', url.replace(/\/\/[^/]*@/, '//…@'));
}
