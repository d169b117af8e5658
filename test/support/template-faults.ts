/** What is wrong with the parameters of a template's node, by the description of its type. */
import {
	NodeHelpers,
	type INode,
	type INodeParameters,
	type INodeProperties,
	type INodePropertyCollection,
	type INodePropertyOptions,
	type INodeTypeDescription,
} from 'n8n-workflow';
import type { WorkflowNode } from '../n8n/workflows.ts';

type Values = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Values =>
	typeof value === 'object' && value !== null && !Array.isArray(value);
const isExpression = (value: unknown) => typeof value === 'string' && value.startsWith('=');

/** Names that the panel would not show, and values that cannot be chosen in it. */
export function templateFaults(
	{ typeVersion, parameters }: Pick<WorkflowNode, 'typeVersion' | 'parameters'>,
	description: INodeTypeDescription,
): string[] {
	if (![description.version].flat().includes(typeVersion)) return [`has no version ${typeVersion}`];
	const node = { typeVersion } as INode;
	const shown = description.properties.filter((field) =>
		NodeHelpers.displayParameter(withDefaults(parameters, node, description), field, node, description),
	);
	return faultsIn(parameters, shown, '');
}

const withDefaults = (parameters: Values, node: INode, description: INodeTypeDescription): INodeParameters =>
	NodeHelpers.getNodeParameters(
		description.properties,
		parameters as INodeParameters,
		true,
		false,
		node,
		description,
	) ?? {};

function faultsIn(values: Values, fields: readonly INodeProperties[], at: string): string[] {
	return Object.entries(values).flatMap(([name, value]) => {
		// A name may stand for several fields, of which each is shown in another place.
		const found = fields.filter((field) => field.name === name);
		if (found.length === 0) return [`has no parameter ${at}${name}`];
		const faults = found.map((field) => valueFaults(value, field, `${at}${name}`));
		return faults.find((some) => some.length === 0) ?? faults[0] ?? [];
	});
}

function valueFaults(value: unknown, field: INodeProperties, at: string): string[] {
	if (isExpression(value)) return [];
	const options = (field.options ?? []) as INodePropertyOptions[];
	switch (field.type) {
		case 'collection':
			return isObject(value)
				? faultsIn(value, field.options as INodeProperties[], `${at}.`)
				: [`${at} is none`];
		case 'fixedCollection':
			return groupFaults(value, field.options as INodePropertyCollection[], at);
		case 'options':
			return loadsOptions(field) || options.some((option) => option.value === value)
				? []
				: [`${at} cannot be ${JSON.stringify(value)}`];
		case 'multiOptions':
			return [value]
				.flat()
				.filter((one) => !loadsOptions(field) && !options.some((option) => option.value === one))
				.map((one) => `${at} cannot be ${JSON.stringify(one)}`);
		case 'resourceLocator':
			return isObject(value) && (field.modes ?? []).some(({ name }) => name === value['mode'])
				? []
				: [`${at} has no mode ${JSON.stringify(isObject(value) ? value['mode'] : value)}`];
		case 'number':
			return typeof value === 'number' ? [] : [`${at} is no number`];
		case 'boolean':
			return typeof value === 'boolean' ? [] : [`${at} is no switch`];
		default:
			return [];
	}
}

/** Chosen of what a server offers. */
const loadsOptions = ({ typeOptions, options = [] }: INodeProperties) =>
	options.length === 0 ||
	typeOptions?.loadOptionsMethod !== undefined ||
	typeOptions?.loadOptions !== undefined;

function groupFaults(value: unknown, groups: readonly INodePropertyCollection[], at: string): string[] {
	if (!isObject(value)) return [`${at} is none`];
	return Object.entries(value).flatMap(([name, rows]) => {
		const group = groups.find((one) => one.name === name);
		if (group === undefined) return [`has no parameter ${at}.${name}`];
		return [rows].flat().flatMap((row) => faultsIn(row as Values, group.values, `${at}.${name}.`));
	});
}
