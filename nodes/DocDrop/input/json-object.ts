import { ItemFailure, nodeFault } from '../failing.ts';

/**
 * The object in a JSON field, which holds text, or an object where an expression made one. Null where it is empty;
 * `like` is an example for whoever wrote something else.
 */
export function jsonObject(
	value: unknown,
	{ field, label, like }: { readonly field: string; readonly label: string; readonly like: string },
): Record<string, unknown> | null {
	const bad = (message: string, cause?: unknown) =>
		new ItemFailure(
			nodeFault('invalid', message, `Write an object, such as ${like}.`, { field, retryable: false }),
			cause,
		);
	if (value === undefined || value === null || value === '') return null;
	let found: unknown = value;
	if (typeof value === 'string') {
		try {
			found = JSON.parse(value);
		} catch (error) {
			throw bad(`${label} is not well-formed JSON`, error);
		}
	}
	if (typeof found !== 'object' || found === null || Array.isArray(found)) {
		throw bad(`${label} is not a JSON object`);
	}
	return Object.keys(found).length === 0 ? null : (found as Record<string, unknown>);
}

/** What a field Filter holds. */
export const filterOf = (value: unknown): Record<string, unknown> | null =>
	jsonObject(value, { field: 'filter', label: 'Filter', like: '{"author": "Ana", "year": {"gte": 2020}}' });
