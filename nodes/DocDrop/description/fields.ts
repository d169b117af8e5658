/** Fields that several resources or operations have. */
import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import { choiceField, switchField } from '../../panel-fields.ts';

type Where = Readonly<Record<string, string[]>>;

/** What may be done with a resource, what people need most first: n8n's node panel lists the operations in this order. */
export const operationField = (
	resource: string,
	unset: string,
	options: INodePropertyOptions[],
): INodeProperties => ({
	...choiceField('Operation', 'operation', unset),
	noDataExpression: true,
	displayOptions: { show: { resource: [resource] } },
	options,
});

/** `value`: where nothing is chosen yet; an expression takes it from the item. */
export const tenantField = (show: Where, value = '={{ $json.tenant }}', hint?: string): INodeProperties => ({
	displayName: 'Tenant',
	name: 'tenant',
	type: 'resourceLocator',
	default: { mode: 'id', value },
	required: true,
	description: 'Whose documents they are: letters, digits, dots and the signs _ : @ -',
	displayOptions: { show },
	modes: [
		{
			displayName: 'From List',
			name: 'list',
			type: 'list',
			typeOptions: { searchListMethod: 'searchTenants', searchable: true },
		},
		{
			displayName: 'By ID',
			name: 'id',
			type: 'string',
			placeholder: 'e.g. acme',
			...(hint !== undefined && { hint }),
		},
	],
});

export const documentField = (
	show: Where,
	{ isRequired = true, hint }: { isRequired?: boolean; hint?: string } = {},
): INodeProperties => ({
	displayName: 'Document ID',
	name: 'docId',
	type: 'resourceLocator',
	default: { mode: 'id', value: '={{ $json.docId }}' },
	required: isRequired,
	description: [
		'Names the document within its tenant, such as the path of a file under its folder',
		...(hint === undefined ? [] : [`${hint}.`]),
	].join('. '),
	displayOptions: { show },
	modes: [
		{
			displayName: 'From List',
			name: 'list',
			type: 'list',
			typeOptions: { searchListMethod: 'searchDocuments', searchable: true },
			hint: 'Search by the start of the ID',
		},
		{
			displayName: 'By ID',
			name: 'id',
			type: 'string',
			placeholder: 'e.g. handbook/vacation.md',
			...(hint !== undefined && { hint }),
		},
	],
});

/** Fields that a person adds when they are needed, by name. */
export const collectionField = (
	displayName: 'Filters' | 'Options',
	show: Where,
	options: readonly INodeProperties[],
): INodeProperties => ({
	displayName,
	name: displayName.toLowerCase(),
	type: 'collection',
	placeholder: displayName === 'Filters' ? 'Add Filter' : 'Add Option',
	default: {},
	displayOptions: { show },
	options: options.toSorted((a, b) => a.displayName.localeCompare(b.displayName)),
});

/** The two of every list. */
export const pagingFields = (show: Where): INodeProperties[] => [
	{
		...switchField('Return All', 'returnAll'),
		description: 'Whether to return all results or only up to a given limit',
		displayOptions: { show },
	},
	{
		displayName: 'Limit',
		name: 'limit',
		type: 'number',
		default: 50,
		typeOptions: { minValue: 1 },
		description: 'Max number of results to return',
		displayOptions: { show: { ...show, returnAll: [false] } },
	},
];

/** What documents must be like; `does` is what becomes of those that are. */
export const filterField = (does: string): INodeProperties => ({
	displayName: 'Filter',
	name: 'filter',
	type: 'json',
	default: '{}',
	placeholder: 'e.g. {"author": "Ana", "year": {"gte": 2020}}',
	description: `${does}: names of metadata, or docId, path, title, mimeType, publishedAt, each with a value, a list of values, or {"gte": 2020}, {"lt": "2026-01-31"}, {"prefix": "handbook/"}, {"exists": true}. Several must all hold; "and", "or" and "not" join them otherwise.`,
});
