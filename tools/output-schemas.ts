import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readInterfaces, type Field } from './n8n-docs/commented-fields.ts';
import { fieldsGivenBy, operationsWithItems } from './n8n-docs/outputs.ts';

/**
 * What n8n's editor shows as the output of a node that has not run yet, so that its fields can be mapped at once:
 * `__schema__/v<version>/<resource>/<operation>.json` beside the node, and one file for a node without operations. Made
 * of the same fields as docs/n8n.md.
 */
const version = 'v1.0.0';

interface JsonSchema {
	readonly type: string;
	readonly properties?: Record<string, JsonSchema>;
}

/** By what docs/n8n.md calls the values; whatever has one of several is what it is named first. */
const types: Readonly<Record<string, string>> = {
	list: 'array',
	number: 'number',
	object: 'object',
	text: 'string',
	'true or false': 'boolean',
};

export function schemaOf(fields: readonly Field[]): JsonSchema {
	const properties: Record<string, JsonSchema> = {};
	const groups = Map.groupBy(fields, ({ name }) => name.split('.')[0] ?? '');
	for (const [name, all] of groups) {
		// Of the entries of a list, the editor shows none before there are some.
		if (name.endsWith('[]')) continue;
		const inner = all.filter((one) => one.name !== name);
		const own = inner.map((one) => ({ ...one, name: one.name.slice(name.length + 1) }));
		properties[name] = own.length > 0 ? schemaOf(own) : { type: typeOf(all[0]?.type ?? '') };
	}
	return { type: 'object', properties };
}

function typeOf(words: string): string {
	const first = words.replace(/ or absent$/, '').split(', ')[0] ?? '';
	return first.startsWith('`') ? 'string' : (types[first] ?? 'string');
}

export function writeOutputSchemas(nodesDir: string): void {
	const write = (file: string, fields: readonly Field[]) => {
		mkdirSync(dirname(file), { recursive: true });
		writeFileSync(file, `${JSON.stringify(schemaOf(fields))}\n`);
	};
	for (const operation of operationsWithItems) {
		const file = `${operation.replace(' ', '/')}.json`;
		write(join(nodesDir, 'DocDrop', '__schema__', version, file), fieldsGivenBy(operation));
	}
	const { fields = [] } = readInterfaces('nodes/item.ts').get('FileItem') ?? {};
	write(join(nodesDir, 'DocDropTrigger', '__schema__', `${version}.json`), fields);
}
