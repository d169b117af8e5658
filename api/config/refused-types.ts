import type { Config } from './environment.ts';
import { intakeSettings } from './intake-settings.ts';
import { covers } from './kinds.ts';

/** Of a type that is not wanted, the setting that says so; undefined of any other, also one that nobody knows. */
export function refusedTypes({
	allowedTypes,
	deniedTypes,
}: Pick<Config, 'allowedTypes' | 'deniedTypes'>): Pick<ReadonlyMap<string, string>, 'get'> {
	return {
		get(type) {
			if (deniedTypes.some((entry) => covers(entry, type))) return intakeSettings.deniedTypes.env;
			const isAllowed = allowedTypes.length === 0 || allowedTypes.some((entry) => covers(entry, type));
			return isAllowed ? undefined : intakeSettings.allowedTypes.env;
		},
	};
}
