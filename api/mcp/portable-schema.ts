import type { TSchema } from 'typebox';

/** JSON schema as far as every client of an agent takes it. */
export interface PortableSchema {
	type: 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean';
	description?: string;
	enum?: readonly string[];
	minimum?: number;
	maximum?: number;
	properties?: Record<string, PortableSchema>;
	required?: string[];
	items?: PortableSchema;
}

export interface PortableObject extends PortableSchema {
	type: 'object';
	properties: Record<string, PortableSchema>;
}

interface Known {
	readonly type?: PortableSchema['type'];
	readonly description?: string;
	readonly enum?: readonly string[];
	readonly minimum?: number;
	readonly maximum?: number;
	readonly anyOf?: readonly Known[];
	readonly properties?: Readonly<Record<string, TSchema>>;
	readonly required?: readonly string[];
	readonly items?: TSchema;
}

/**
 * A schema of the contract without what some model's interface refuses, and with it all tools of a client at once:
 * patterns, lengths, unions, null, defaults, references, additionalProperties. Whoever sends it anyway hears from the
 * API what is wrong. A union is shown as an object that its description explains; one with null as the other branch,
 * because what is null is left out.
 */
export function portable(schema: TSchema): PortableSchema {
	const {
		type,
		description,
		minimum,
		maximum,
		enum: values,
		anyOf,
		properties,
		required,
		items,
	} = schema as Known;
	const said = description !== undefined && { description };
	const branches = anyOf?.filter((one) => (one.type as string) !== 'null') ?? [];
	const [branch] = branches;
	if (branch !== undefined && branches.length === 1) return { ...portable(branch), ...said };
	return {
		type: type ?? (values === undefined ? 'object' : 'string'),
		...said,
		...(values !== undefined && { enum: values }),
		...(minimum !== undefined && { minimum }),
		...(maximum !== undefined && { maximum }),
		...(properties !== undefined && portableObject(properties, required)),
		...(items !== undefined && { items: portable(items) }),
	};
}

/** `required`: names of them; the others may be left out. */
export function portableObject(
	properties: Readonly<Record<string, TSchema>>,
	required: readonly string[] = [],
): PortableObject {
	return {
		type: 'object',
		properties: Object.fromEntries(
			Object.entries(properties).map(([name, schema]) => [name, portable(schema)]),
		),
		...(required.length > 0 && { required: [...required] }),
	};
}
