import { mimeTypes } from '../contract/file-types.ts';
import type { Config } from './environment.ts';
import { intakeSettings } from './intake-settings.ts';

/** Types that can be read and are not wanted, each with the setting that says so. */
export function refusedTypes({
	allowedTypes,
	deniedTypes,
}: Pick<Config, 'allowedTypes' | 'deniedTypes'>): ReadonlyMap<string, string> {
	return new Map(
		mimeTypes.flatMap((type): [string, string][] => {
			if (deniedTypes.includes(type)) return [[type, intakeSettings.deniedTypes.env]];
			const isAllowed = allowedTypes.length === 0 || allowedTypes.includes(type);
			return isAllowed ? [] : [[type, intakeSettings.allowedTypes.env]];
		}),
	);
}
