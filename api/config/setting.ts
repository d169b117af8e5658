import { DocDropError } from '../errors.ts';

/** One setting: the table that the environment is read by, and that the README's table is generated from. */
export interface Setting {
	readonly env: string;
	/** Which parser reads it (parsers.ts). */
	readonly kind:
		| 'text'
		| 'secret'
		| 'number'
		| 'flag'
		| 'list'
		| 'keys'
		| 'networks'
		| 'tenant'
		| 'tenantLimits'
		| 'weights';
	readonly default: string;
	readonly unit?: string;
	/** Least and most. */
	readonly range?: readonly [number, number];
	readonly oneOf?: readonly string[];
	readonly meaning: string;
}

export type Settings = Readonly<Record<string, Setting>>;

/** Names the variable, the demand and, unless it may be a secret, the value. */
export function invalid(setting: Setting, demand: string, value: string): DocDropError {
	const isSecret = setting.kind === 'secret' || setting.kind === 'keys';
	const shown = isSecret ? '' : `, got ${JSON.stringify(value.slice(0, 200))}`;
	return new DocDropError('config_invalid', `${setting.env} must be ${demand}${shown}`, {
		field: setting.env,
	});
}
