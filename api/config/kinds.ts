/** From the text of a variable to the value that the code uses, by the kind of the setting. Each throws `config_invalid`. */
import { isIP } from 'node:net';
import { mimeTypeNamed } from '../contract/file-types.ts';
import { fieldNameRule, isTenant, tenantDemand } from '../contract/limits.ts';
import { reservedMetadata } from '../contract/stored-fields.ts';
import { DocDropError } from '../errors.ts';
import { globFault, globsOf } from '../../nodes/watch/globs.ts';

interface Details {
	readonly default: string;
	readonly unit?: string;
	/** Least and most. */
	readonly range?: readonly [number, number];
	readonly oneOf?: readonly string[];
	readonly meaning: string;
}

/** One setting: what its variable is read by, and its row in docs/settings.md is generated from. */
export interface Setting extends Details {
	/** How its text is read. */
	readonly kind: string;
	readonly env: string;
}

/** What callers send, and the only tenant it is good for (null: every one). */
export interface ApiKey {
	readonly tenant: string | null;
	readonly key: string;
}

/** The code counts in bytes, milliseconds and shares of one. */
const inCodeUnits: Readonly<Record<string, (value: number) => number>> = {
	MB: (megabytes) => megabytes * 1_048_576,
	s: (seconds) => seconds * 1_000,
	h: (hours) => hours * 3_600_000,
	days: (days) => days * 86_400_000,
	'%': (percent) => percent / 100,
};

/** Each costs its time on every page. */
const MOST_LANGUAGES = 4;

/** Names the variable, the demand and, unless it may be a secret, the value. */
export function invalid(setting: Setting, demand: string, value: string): DocDropError {
	const isSecret = setting.kind === 'secret' || setting.kind === 'keys';
	const shown = isSecret ? '' : `, got ${JSON.stringify(value.slice(0, 200))}`;
	return new DocDropError('config_invalid', `${setting.env} must be ${demand}${shown}`, {
		field: setting.env,
	});
}

export const parsers = {
	text(setting: Setting, value: string): string {
		if (setting.oneOf !== undefined && !setting.oneOf.includes(value)) {
			throw invalid(setting, `one of ${setting.oneOf.join(', ')}`, value);
		}
		return value;
	},
	secret: (_setting: Setting, value: string): string => value,
	number(setting: Setting, value: string): number {
		const { range: [least, most] = [-Infinity, Infinity], unit = '' } = setting;
		const number = Number(value);
		if (value.trim() === '' || !Number.isInteger(number) || number < least || number > most) {
			throw invalid(setting, `a whole number from ${least} to ${most}`, value);
		}
		return inCodeUnits[unit]?.(number) ?? number;
	},
	/** Null where it is not set. */
	optionalNumber: (setting: Setting, value: string): number | null =>
		value === '' ? null : parsers.number(setting, value),
	flag(setting: Setting, value: string): boolean {
		if (value !== 'true' && value !== 'false') throw invalid(setting, 'true or false', value);
		return value === 'true';
	},
	globs(setting: Setting, value: string): readonly string[] {
		const globs = globsOf(value);
		for (const glob of globs) {
			const fault = globFault(glob);
			if (fault !== null) throw invalid(setting, `globs that some file can match (${fault})`, glob);
		}
		return globs;
	},
	keys: (setting: Setting, value: string): readonly ApiKey[] =>
		entriesOf(value).map((entry) => parseKey(setting, entry)),
	networks(setting: Setting, value: string): readonly string[] {
		const entries = entriesOf(value);
		const wrong = entries.find((entry) => !isNetwork(entry));
		if (wrong !== undefined) throw invalid(setting, 'IP addresses or networks such as 10.0.0.0/8', wrong);
		return entries;
	},
	tenant(setting: Setting, value: string): string {
		if (isTenant(value)) return value;
		throw invalid(setting, tenantDemand, value);
	},
	fields: parseFields,
	tenantLimits: parseTenantLimits,
	weights: parseWeights,
	/** Of Tesseract, which names files by them. */
	languages(setting: Setting, value: string): readonly string[] {
		const languages = value === '' ? [] : value.split('+');
		const isWrong = languages.some((name) => !/^[a-z]{3}(?:_[a-z]{2,8}){0,2}$/i.test(name));
		if (isWrong || languages.length > MOST_LANGUAGES || new Set(languages).size < languages.length) {
			const demand = `at most ${MOST_LANGUAGES} languages of Tesseract, each once, such as eng or eng+deu`;
			throw invalid(setting, demand, value);
		}
		return languages;
	},
	types(setting: Setting, value: string): readonly string[] {
		return entriesOf(value).map((entry) => {
			if (!/^[a-z0-9][\w.+-]*\/(?:\*|[a-z0-9][\w.+-]*)$/i.test(entry)) throw unknownType(setting, entry);
			return mimeTypeNamed(entry.toLowerCase()) ?? entry.toLowerCase();
		});
	},
};

export const unknownType = (setting: Setting, entry: string) =>
	invalid(setting, 'types that can be read, such as text/html, or families such as text/*', entry);

/** Whether an entry of a list of types stands for the type; `text/*` does for all that begins so. */
export const covers = (entry: string, type: string): boolean =>
	entry.endsWith('/*') ? type.startsWith(entry.slice(0, -1)) : type === entry;

export type DeclaredSetting = Setting & { readonly kind: keyof typeof parsers };

/** Keeps the kind and the choices as types. */
export const setting = <K extends keyof typeof parsers, const D extends Details>(
	kind: K,
	env: string,
	details: D,
) => ({
	kind,
	env,
	...details,
});

const entriesOf = (value: string): readonly string[] =>
	value
		.split(',')
		.map((part) => part.trim())
		.filter((part) => part !== '');

function parseKey(setting: Setting, entry: string): ApiKey {
	const at = entry.indexOf('=');
	const tenant = at < 0 ? null : entry.slice(0, at);
	const key = entry.slice(at + 1);
	// `acme=` with an unset variable behind it, or a base64 key with its padding, would let the key `` or `=` in.
	if (/^=*$/.test(key) || (tenant !== null && !isTenant(tenant))) {
		throw invalid(setting, 'KEY or TENANT=KEY (a KEY alone must not end with =)', '');
	}
	return { tenant, key };
}

function isNetwork(entry: string): boolean {
	const [address = '', bits, ...more] = entry.split('/');
	const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
	if (most < 0 || more.length > 0) return false;
	return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
}

const fieldKinds = ['text', 'number', 'date', 'flag'] as const;
type FieldKind = (typeof fieldKinds)[number];

function parseFields(setting: Setting, value: string): ReadonlyMap<string, FieldKind> {
	const fields = new Map<string, FieldKind>();
	for (const entry of entriesOf(value)) {
		const [name = '', kind = 'text', ...more] = entry.split('=').map((part) => part.trim());
		const known = fieldKinds.find((one) => one === kind);
		const isName = fieldNameRule.test(name) && !fields.has(name) && !reservedMetadata.includes(name);
		if (!isName || known === undefined || more.length > 0) {
			throw invalid(
				setting,
				`NAME or NAME=KIND once for each name, KIND one of ${fieldKinds.join(', ')}`,
				entry,
			);
		}
		fields.set(name, known);
	}
	return fields;
}

/** The limit of each tenant (0: none), and of those that are named. */
function parseTenantLimits(setting: Setting, value: string) {
	const [least, most] = setting.range ?? [0, Infinity];
	let eachTenant: number | null = null;
	const tenants = new Map<string, number>();
	for (const entry of entriesOf(value)) {
		const [first = '', second, ...more] = entry.split('=').map((part) => part.trim());
		const limit = second ?? first;
		const isLimit = /^\d{1,8}$/.test(limit) && Number(limit) <= most;
		if (!isLimit || more.length > 0 || (second !== undefined && !isTenant(first))) {
			throw invalid(setting, `N or TENANT=N, N a whole number from ${least} to ${most}`, entry);
		}
		if (second === undefined ? eachTenant !== null : tenants.has(first)) {
			throw invalid(setting, 'one number for each tenant and one for each name', entry);
		}
		if (second === undefined) eachTenant = Number(limit);
		else tenants.set(first, Number(limit));
	}
	return { eachTenant: eachTenant ?? 0, tenants: tenants as ReadonlyMap<string, number> };
}

function parseWeights(setting: Setting, value: string): ReadonlyMap<string, number> {
	const [least, most] = setting.range ?? [0, Infinity];
	const weights = new Map<string, number>();
	for (const entry of entriesOf(value)) {
		const [tenant = '', weight = '', ...more] = entry.split('=').map((part) => part.trim());
		const isWeight =
			/^\d{1,3}(\.\d{1,2})?$/.test(weight) && Number(weight) >= least && Number(weight) <= most;
		if (!isWeight || more.length > 0 || !isTenant(tenant) || weights.has(tenant)) {
			throw invalid(setting, `TENANT=N once for each, N from ${least} to ${most}`, entry);
		}
		weights.set(tenant, Number(weight));
	}
	return weights;
}
