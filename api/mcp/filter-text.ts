import { Type } from 'typebox';
import { SearchFilter } from '../contract/search-schema.ts';
import { DocDropError } from '../errors.ts';

/** A filter as agents write it: as text, because of an object whose names nobody knows some clients drop every name, and some models' interfaces refuse it. */

/** The library's types leave out what a schema says of itself. */
const { description, examples } = SearchFilter as typeof SearchFilter & {
	readonly description: string;
	readonly examples: readonly object[];
};

/** `done`: what becomes of the documents that are like it. */
export const filterText = (done: 'listed' | 'searched') =>
	Type.String({
		description: `JSON of an object. ${description.replace('are searched', `are ${done}`)} Such as ${examples.map((one) => JSON.stringify(one)).join(' or ')}`,
	});

/** Some models write the object all the same. */
export function filterIn(given: unknown): unknown {
	if (typeof given !== 'string') return given;
	try {
		return JSON.parse(given);
	} catch {
		throw new DocDropError('invalid', 'filter must be the JSON of an object', {
			field: 'filter',
			hint: `Such as ${JSON.stringify(examples[0])}.`,
		});
	}
}
