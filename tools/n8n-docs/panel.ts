/** The fields of a panel as a person sees them, made of what n8n is told of them. */
import type { INodeProperties, INodePropertyCollection, INodePropertyOptions } from 'n8n-workflow';
import { cell, code, sentences, table } from './markdown.ts';

/** What chooses the operation is no condition of a field: each operation has a table of its own. */
const choosing = ['@tool', 'operation', 'resource'];

export const choicesOf = ({ options = [] }: INodeProperties) => options as INodePropertyOptions[];
const isList = (field: INodeProperties) => field.type === 'options' || field.type === 'multiOptions';

export function fieldTable(fields: readonly INodeProperties[]): string {
	return table(['field', 'default', 'meaning'], joined(fields.flatMap((field) => rowsOf(field, fields, ''))));
}

interface Row {
	readonly label: string;
	readonly unset: string;
	readonly meaning: string;
	/** When it is shown; '': always. */
	readonly shown: string;
}

/** A field that is shown in two places, and says the same in both, is one. */
function joined(rows: readonly Row[]): string[][] {
	const alike = Map.groupBy(rows, ({ label, unset, meaning }) => JSON.stringify([label, unset, meaning]));
	return [...alike.values()].flatMap((same) => {
		const [first] = same;
		if (first === undefined) return [];
		const places = same.map(({ shown }) => shown).filter((shown) => shown !== '');
		const where = places.length === 0 ? '' : `Where ${places.join(', or ')}.`;
		return [[`**${first.label}**`, first.unset, sentences(where, first.meaning)]];
	});
}

/** `within`: labels of the groups around it. */
function rowsOf(field: INodeProperties, panel: readonly INodeProperties[], within: string): Row[] {
	const label = within + field.displayName;
	const row: Row = {
		label,
		unset: unsetOf(field),
		meaning: meaningOf(field),
		shown: conditionOf(field, panel),
	};
	const inner = (fields: readonly INodeProperties[]) =>
		fields.flatMap((one) => rowsOf(one, panel, `${label}: `));
	switch (field.type) {
		case 'collection':
			return inner(field.options as INodeProperties[]);
		case 'fixedCollection':
			return [row, ...inner((field.options as INodePropertyCollection[]).flatMap(({ values }) => values))];
		default:
			return [row];
	}
}

function unsetOf(field: INodeProperties): string {
	const { default: unset } = field;
	switch (field.type) {
		case 'boolean':
			return unset === true ? 'on' : 'off';
		case 'options':
		case 'multiOptions':
			return [unset]
				.flat()
				.map((value) => choicesOf(field).find((choice) => choice.value === value)?.name)
				.join(', ');
		case 'collection':
		case 'fixedCollection':
			return '';
		case 'resourceLocator':
			return textOf((unset as { value: unknown }).value);
		default:
			return textOf(unset);
	}
}

const textOf = (value: unknown): string => {
	const text = String(value).replace(/^=/, '');
	return text === '' ? '' : code(text);
};

function meaningOf(field: INodeProperties): string {
	const { description, hint, typeOptions, modes } = field;
	// A hint of the list that is opened is of no use outside of it.
	const hints = [hint, ...(modes ?? []).filter(({ type }) => type !== 'list').map((mode) => mode.hint)];
	const text = sentences(
		description,
		...hints.filter((one) => one !== undefined && description?.includes(one) !== true),
	);
	const { minValue, maxValue } = typeOptions ?? {};
	const range =
		minValue === undefined || maxValue === undefined || text.includes(`to ${maxValue}`)
			? ''
			: `${minValue} to ${maxValue.toLocaleString('en')}.`;
	return cell(sentences(text, range, ...(isList(field) ? [listOf(field)] : [])));
}

const listOf = (field: INodeProperties): string =>
	choicesOf(field)
		.map(({ name, description }) => `*${name}*${description === undefined ? '' : `: ${description}`}`)
		.join('; ');

function conditionOf({ displayOptions }: INodeProperties, panel: readonly INodeProperties[]): string {
	return Object.entries(displayOptions?.show ?? {})
		.filter(([name]) => !choosing.includes(name))
		.map(([path, values = []]) => {
			const name = path.replace('/', '');
			const fields = panel.filter((field) => field.name === name);
			const names = values.map((value) =>
				typeof value === 'boolean'
					? value
						? 'on'
						: 'off'
					: fields.flatMap(choicesOf).find((choice) => choice.value === value)?.name,
			);
			return `${fields[0]?.displayName ?? name} is ${names.join(' or ')}`;
		})
		.join(' and ');
}
