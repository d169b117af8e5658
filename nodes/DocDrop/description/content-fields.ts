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
			'Whether to become the owner of a document that another trigger or source owns. Without it, such a document is refused.',
	},
	{
		...textField('Title', 'title'),
		placeholder: 'e.g. Vacation policy',
		description: 'Shown with search results. By default what the document itself says.',
	},
];

const onlyIfUnchanged: INodeProperties = {
	...switchField('Only If Unchanged', 'onlyIfUnchanged'),
	displayOptions: { show: { '/source': ['trigger'] } },
	description:
		'Whether to leave out files that changed after the trigger told of them, or after Preview showed them, instead of publishing their newest content',
};

const refusedFiles: INodeProperties = {
	...choiceField('Refused Files', 'refusedFiles', 'keep'),
	displayOptions: { show: { '/source': ['trigger', 'triggerField'] } },
	description:
		'What becomes of the text that the index has of a file when its new content is refused for good, such as a file that grew too large',
	options: [
		{ name: 'Keep Earlier Text', value: 'keep', description: 'It is found until the file can be read again' },
		{ name: 'Remove From Index', value: 'remove', description: 'Nothing is found of it until then' },
	],
};

export const priorityField: INodeProperties = {
	...choiceField('Priority', 'priority', 'automatic'),
	description: 'Which documents go first where more wait than can be indexed at once',
	options: [
		{ name: 'Automatic', value: 'automatic', description: 'Low for more than 50 items at once, else normal' },
		{ name: 'High', value: 'high', description: 'At once, as normal' },
		{ name: 'Low', value: 'low', description: 'After all others, so that single edits stay fast' },
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
					name: 'Binary Field',
					value: 'binary',
					description: 'A file that the item carries, such as a download or an attachment',
				},
				{ name: 'Text', value: 'text', description: 'Text of the item, such as a page or a ticket' },
				{
					name: 'Trigger Item',
					value: 'trigger',
					description:
						'The file that an item of the DocDrop Trigger names: published, moved or deleted as the item says',
				},
				{
					name: 'Trigger Item, Content From Field',
					value: 'triggerField',
					description:
						'What a node between made of that file, such as the text of a PDF: published, moved or deleted as the item of the DocDrop Trigger says',
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
			...choiceField('Content From', 'contentFrom', 'text'),
			noDataExpression: true,
			description: 'What of the item is the content of the document; deletions need none',
			displayOptions: { show: { ...show, source: ['triggerField'] } },
			options: [
				{ name: 'Binary Field', value: 'binary', description: 'A file that a node between made' },
				{ name: 'Text', value: 'text', description: 'Text that a node between made or read' },
			],
		},
		...[{ source: ['binary'] }, { source: ['triggerField'], contentFrom: ['binary'] }].map(
			(where): INodeProperties => ({
				...textField('Input Binary Field', 'binaryPropertyName', 'data'),
				required: true,
				placeholder: 'e.g. data',
				hint: 'The name of the input field that holds the file',
				displayOptions: { show: { ...show, ...where } },
			}),
		),
		...[{ source: ['text'] }, { source: ['triggerField'], contentFrom: ['text'] }].map(
			(where): INodeProperties => ({
				...textField('Text', 'text', '={{ $json.text }}'),
				typeOptions: { rows: 4 },
				placeholder: 'e.g. # Vacation policy …',
				description: 'The content of the document, as plain text or Markdown',
				hint:
					'contentFrom' in where
						? 'For Markdown, set the option MIME Type to text/markdown'
						: 'For Markdown, end the document ID in ".md" or set the option MIME Type',
				displayOptions: { show: { ...show, ...where } },
			}),
		),
	];
}

export const contentFields: INodeProperties[] = [
	...fieldsFor(documentOperations),
	...fieldsFor(batchOperations),
	collectionField('Options', { resource: ['document'], operation: ['preview'] }, optionFields),
	collectionField('Options', { resource: ['document'], operation: ['publish'] }, [
		...optionFields,
		...[onlyIfUnchanged, priorityField, refusedFiles],
	]),
	collectionField('Options', batchOperations, [
		...optionFields,
		...[onlyIfUnchanged, priorityField, refusedFiles],
	]),
];
