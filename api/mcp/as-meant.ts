import type { Arguments } from './agent-view.ts';
import type { PortableObject, PortableSchema } from './portable-schema.ts';

/**
 * What a model meant by what it wrote. Null stands for a field that it had to name and has nothing for; numbers, flags,
 * lists and objects come as text from clients that know text only. What is not plainly one of these stays as it is, and
 * the API says what is wrong with it.
 */
export function asMeant(given: Arguments, { properties }: PortableObject): Arguments {
	return Object.fromEntries(
		Object.entries(given)
			.filter(([, value]) => value !== null)
			.map(([name, value]) => [
				name,
				typeof value === 'string' && Object.hasOwn(properties, name)
					? fromText(value, properties[name])
					: value,
			]),
	);
}

const isWanted: Readonly<Record<PortableSchema['type'], (value: unknown) => boolean>> = {
	string: () => false,
	integer: Number.isInteger,
	number: Number.isFinite,
	boolean: (value) => typeof value === 'boolean',
	array: Array.isArray,
	object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};

function fromText(text: string, schema: PortableSchema | undefined): unknown {
	if (schema === undefined || schema.type === 'string') return text;
	try {
		const value: unknown = JSON.parse(text);
		return isWanted[schema.type](value) ? value : text;
	} catch {
		return text;
	}
}
