import { Type } from 'typebox';
import { limits } from '../contract/limits.ts';

/** How many rows a caller wants of a list; `unset`: where it does not say. */
export const pageLimit = (unset: number) =>
	Type.Optional(Type.Integer({ minimum: 1, maximum: limits.pageRows, description: `Default ${unset}.` }));

export const next = Type.Union([Type.String(), Type.Null()], {
	description: 'Send as `after` for the next page.',
});
