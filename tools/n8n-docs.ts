import { readdirSync, readFileSync } from 'node:fs';
import { DocDropApi } from '../credentials/DocDropApi.credentials.ts';
import { properties as ofAction } from '../nodes/DocDrop/description/index.ts';
import { properties as ofTrigger } from '../nodes/DocDropTrigger/description.ts';
import { withPart, writeOrCompare } from './marked-part.ts';
import { codeTable } from './n8n-docs/codes.ts';
import { readInterfaces } from './n8n-docs/commented-fields.ts';
import { cell, code, sentences, table } from './n8n-docs/markdown.ts';
import { givenBy, itemFieldTable, outputItems } from './n8n-docs/outputs.ts';
import { choicesOf, fieldTable } from './n8n-docs/panel.ts';

/**
 * Writes the parts of docs/n8n.md that say what the nodes are told of themselves: fields, operations, items, states,
 * codes, templates. What stands between these parts is written by hand. With --check it only compares.
 */

const file = 'docs/n8n.md';
const by = 'docs:n8n';

const isOf = (name: string, value: unknown) => (field: (typeof ofAction)[number]) =>
	field.displayOptions?.show?.[name]?.includes(value as string) === true;
const isChoosing = ({ name }: (typeof ofAction)[number]) => name === 'resource' || name === 'operation';

/** Resources and their operations, as the panel lists them. */
const resources = choicesOf(ofAction.find(({ name }) => name === 'resource') ?? ofAction[0]!).map(
	({ name, value, description = '' }) => ({
		...{ name, value, description },
		operations: choicesOf(
			ofAction.filter((field) => field.name === 'operation').find(isOf('resource', value)) ?? ofAction[0]!,
		),
	}),
);

const overview = table(
	['resource', 'operations'],
	resources.map(({ name, description, operations }) => [
		`**${name}**: ${description}`,
		operations
			.map((one) => `[${one.name}](#${`${name} ${one.name}`.toLowerCase().replaceAll(' ', '-')})`)
			.join(', '),
	]),
);

const operations = resources
	.flatMap(({ name: resource, value, operations }) =>
		operations.map((one) => {
			const fields = ofAction
				.filter((field) => !isChoosing(field))
				.filter(isOf('resource', value))
				.filter(isOf('operation', one.value));
			return [
				`#### ${resource}: ${one.name}`,
				cell(sentences(one.description)),
				fieldTable(fields),
				givenBy(`${String(value)} ${String(one.value)}`),
			].join('\n\n');
		}),
	)
	.join('\n\n');

const itemsOfTrigger = readInterfaces('nodes/item.ts');
const triggerItems = ['FileItem', 'SnapshotItem']
	.map((name) => itemsOfTrigger.get(name) ?? { comment: '', fields: [] })
	.map(({ comment, fields }) => `${sentences(comment)}\n\n${itemFieldTable(fields)}`)
	.join('\n\n');

/** A job may be in every state that a document may be in. */
const states = table(
	['state', 'of a job or a document'],
	ofAction
		.filter(isOf('resource', 'job'))
		.filter(({ name }) => name === 'filters')
		.flatMap(({ options = [] }) => options as typeof ofAction)
		.filter(({ name }) => name === 'state')
		.flatMap(choicesOf)
		.map(({ value, description = '' }) => [code(String(value)), cell(description)]),
);

interface Template {
	readonly name: string;
	readonly nodes: readonly { readonly type: string; readonly parameters: { readonly content?: string } }[];
}

const templates = table(
	['file', 'heading of its note'],
	readdirSync('workflows').map((name) => {
		const { nodes } = JSON.parse(readFileSync(`workflows/${name}`, 'utf8')) as Template;
		const note = nodes.find(({ parameters }) => parameters.content?.startsWith('## ') === true);
		return [`[\`${name}\`](../workflows/${name})`, note?.parameters.content?.split('\n')[0]?.slice(3) ?? ''];
	}),
);

const parts = {
	templates,
	'trigger fields': fieldTable(ofTrigger),
	'trigger items': triggerItems,
	overview,
	operations,
	items: outputItems(),
	states,
	codes: codeTable(),
	credential: fieldTable(new DocDropApi().properties),
};

let wanted = readFileSync(file, 'utf8');
for (const [name, part] of Object.entries(parts)) wanted = withPart(wanted, file, name, by, part);
writeOrCompare(by, [{ file, wanted }]);
