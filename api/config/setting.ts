import { DocDropError } from '../errors.ts';

export interface Details {
	readonly default: string;
	readonly unit?: string;
	/** Least and most. */
	readonly range?: readonly [number, number];
	readonly oneOf?: readonly string[];
	readonly meaning: string;
}

/** One setting: what its variable is read by, and its row in the README is generated from. */
export interface Setting extends Details {
	/** How its text is read (kinds.ts). */
	readonly kind: string;
	readonly env: string;
}

/** Names the variable, the demand and, unless it may be a secret, the value. */
export function invalid(setting: Setting, demand: string, value: string): DocDropError {
	const isSecret = setting.kind === 'secret' || setting.kind === 'keys';
	const shown = isSecret ? '' : `, got ${JSON.stringify(value.slice(0, 200))}`;
	return new DocDropError('config_invalid', `${setting.env} must be ${demand}${shown}`, {
		field: setting.env,
	});
}
