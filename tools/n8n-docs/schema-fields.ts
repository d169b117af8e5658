/** Fields of the API's answers, by their schemas. */
import type { Field } from './commented-fields.ts';

/** What is read of a JSON schema. */
interface Schema {
	readonly type?: string;
	readonly description?: string;
	readonly enum?: readonly string[];
	readonly anyOf?: readonly Schema[];
	readonly properties?: Readonly<Record<string, Schema>>;
	readonly items?: Schema;
	readonly required?: readonly string[];
}

const words: Readonly<Record<string, string>> = {
	array: 'list',
	boolean: 'true or false',
	integer: 'number',
	object: 'object',
	string: 'text',
};

/** They say it themselves. */
const plain = ['docId', 'tenant'];

/** Throws for a field that says nothing of itself. */
export function schemaFields(schema: object, within = ''): Field[] {
	return Object.entries((schema as Schema).properties ?? {}).flatMap(([name, field]) => {
		const full = within + name;
		if (field.description === undefined && !plain.includes(name)) {
			throw new Error(`the field ${full} of an answer says nothing of itself`);
		}
		const inner = [field, ...(field.anyOf ?? []), ...(field.items === undefined ? [] : [field.items])]
			.filter(({ properties }) =>
				Object.values(properties ?? {}).some((one) => one.description !== undefined),
			)
			.flatMap((one) => schemaFields(one, `${full}${field.items === undefined ? '' : '[]'}.`));
		return [{ name: full, type: typeOf(field), meaning: field.description ?? '' }, ...inner];
	});
}

function typeOf(field: Schema): string {
	if (field.enum !== undefined) return field.enum.map((value) => `\`${value}\``).join(', ');
	if (field.anyOf !== undefined) return field.anyOf.map(typeOf).join(', ');
	return words[field.type ?? ''] ?? field.type ?? 'anything';
}
