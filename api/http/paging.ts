import { Type } from 'typebox';
import { limits } from '../contract/limits.ts';

/** How many rows a caller wants of a list; `unset`: where it does not say. */
export const pageLimit = (unset: number) =>
	Type.Optional(Type.Integer({ minimum: 1, maximum: limits.pageRows, description: `Default ${unset}.` }));

export const next = Type.Union([Type.String(), Type.Null()], {
	description: 'Send as `after` for the next page.',
});

/** Where a page begins, in what the page before called `next`. */
export const pageAfter = (maxLength: number) =>
	Type.Optional(Type.String({ maxLength, description: '`next` of the page before.' }));
