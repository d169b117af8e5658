/** Where a document comes from, and what is said of it: fields of preview, publish and publish many. */
import type { INodeProperties } from 'n8n-workflow';
import { choiceField, switchField, textField } from '../../panel-fields.ts';
import { collectionField, documentField, tenantField } from './fields.ts';

const documentOperations = { resource: ['document'], operation: ['preview', 'publish'] };
const batchOperations = { resource: ['batch'], operation: ['publishMany'] };

export const optionFields: INodeProperties[] = [
	{
		displayName: 'Metadata',
		name: 'metadata',
		type: 'json',
		default: '{}',
		placeholder: 'e.g. {"team": "support"}',
		description:
			'A JSON object that is stored with the document and returned with every search result; at most 16 kB',
	},
	{
		...textField('MIME Type', 'mimeType'),
		placeholder: 'e.g. text/markdown',
		description: 'How to read the content. By default the ending of the path or of the document ID tells it.',
	},
	{
		...textField('Path', 'path'),
		placeholder: 'e.g. handbook/vacation.md',
		description: 'Where a person finds the file; shown with search results',
	},
	{
		...switchField('Take Over', 'takeOver'),
		description:
			'Whether to become the owner of a document that another trigger or source owns, instead of an error',
	},
	{
		...textField('Title', 'title'),
		placeholder: 'e.g. Vacation policy',
		description: 'By default what the document itself says',
	},
];

export const priorityField: INodeProperties = {
	...choiceField('Priority', 'priority', 'automatic'),
	description: 'What goes first when more is waiting than can be indexed at once',
	options: [
		{ name: 'Automatic', value: 'automatic', description: 'Low for more than 50 items at once, else normal' },
		{ name: 'High', value: 'high', description: 'At once, like normal' },
		{ name: 'Low', value: 'low', description: 'After all single edits' },
		{ name: 'Normal', value: 'normal', description: 'At once' },
	],
};

function fieldsFor(show: Readonly<Record<string, string[]>>): INodeProperties[] {
	return [
		{
			...choiceField('Source', 'source', 'trigger'),
			noDataExpression: true,
			description: 'Where the content of the document is',
			displayOptions: { show },
			options: [
				{
					name: 'Binary Property',
					value: 'binary',
					description: 'A file that the item carries, such as a download or an attachment',
				},
				{ name: 'Text', value: 'text', description: 'Text of the item, such as a page or a ticket' },
				{
					name: 'Trigger Item',
					value: 'trigger',
					description: 'The file that an item of the DocDrop Trigger names: put, moved or deleted as it says',
				},
			],
		},
		tenantField({ ...show, source: ['binary', 'text'] }, undefined, 'A new name begins a new tenant'),
		documentField({ ...show, source: ['text'] }),
		documentField(
			{ ...show, source: ['binary'] },
			{ isRequired: false, hint: 'Empty: the name of the file that the item carries' },
		),
		{
			...textField('Input Binary Field', 'binaryPropertyName', 'data'),
			required: true,
			placeholder: 'e.g. data',
			hint: 'The name of the input field that holds the file',
			displayOptions: { show: { ...show, source: ['binary'] } },
		},
		{
			...textField('Text', 'text', '={{ $json.text }}'),
			typeOptions: { rows: 4 },
			placeholder: 'e.g. # Vacation policy …',
			description: 'The content of the document, as plain text or Markdown',
			hint: 'For Markdown, end the document ID in ".md" or set the option MIME Type',
			displayOptions: { show: { ...show, source: ['text'] } },
		},
	];
}

export const contentFields: INodeProperties[] = [
	...fieldsFor(documentOperations),
	...fieldsFor(batchOperations),
	collectionField('Options', { resource: ['document'], operation: ['preview'] }, optionFields),
	collectionField('Options', { resource: ['document'], operation: ['publish'] }, [
		...optionFields,
		priorityField,
	]),
	collectionField('Options', batchOperations, [...optionFields, priorityField]),
];
