/** Lists of what there is in a drive, a bucket or a wiki: told as a whole, and then the contents that are wanted. */
import type { INodeProperties } from 'n8n-workflow';
import { choiceField, switchField, textField } from '../../panel-fields.ts';
import { optionFields, priorityField } from './content-fields.ts';
import { collectionField, documentField, tenantField } from './fields.ts';

const sync = { resource: ['batch'], operation: ['syncList'] };
const publish = { resource: ['batch'], operation: ['publishListed'] };

export const listOperations = [
	{
		name: 'Sync a List',
		value: 'syncList',
		action: 'Sync a list of documents',
		description:
			'Take all items as a whole list, without contents: what it lacks is deleted, and only what is new or changed goes on, to be downloaded and given to Publish Listed',
	},
	{
		name: 'Publish Listed',
		value: 'publishListed',
		action: 'Publish the listed items that a sync wanted',
		description: 'Publish the contents of items that Sync a List passed on',
	},
];

export const listFields: INodeProperties[] = [
	tenantField(sync, '', 'A new name begins a new tenant'),
	{
		...textField('List Name', 'listName'),
		required: true,
		placeholder: 'e.g. Drive handbook',
		description:
			'Names the list within the tenant. Documents belong to the list that brought them, and only those are deleted when it lacks them. Give each list a name of its own, and keep it: another name is a new list.',
		displayOptions: { show: sync },
	},
	{ ...documentField(sync), default: { mode: 'id', value: '={{ $json.id }}' } },
	{
		...textField('Version', 'version', '={{ $json.modifiedTime }}'),
		placeholder: 'e.g. {{ $json.ETag }}',
		description:
			'What changes whenever the content does: an ETag, a hash, a time. Items whose version the index has do not go on. Empty: every item goes on, and what is the same is found unchanged when it is published.',
		hint: 'To hear of new names too, add the name: {{ $json.modifiedTime + $json.name }}',
		displayOptions: { show: sync },
	},
	collectionField('Options', sync, [
		{
			...switchField('Confirm Held Deletions', 'confirmHeld'),
			description:
				'Whether to delete even more than a fifth of the list at once. Make sure that the list is whole, switch it on for one run, and off again.',
		},
	]),
	{
		...textField('Listed Item', 'listed', '={{ $json.listed }}'),
		type: 'json',
		required: true,
		description:
			'The field "listed" of the item that Sync a List gave. Where a node in between drops it: {{ $(\'DocDrop\').item.json.listed }}.',
		displayOptions: { show: publish },
	},
	{
		...choiceField('Source', 'source', 'binary'),
		noDataExpression: true,
		description: 'Where the content of the document is',
		displayOptions: { show: publish },
		options: [
			{ name: 'Binary Field', value: 'binary', description: 'A file that was downloaded' },
			{ name: 'Text', value: 'text', description: 'Text of the item, such as a page' },
		],
	},
	{
		...textField('Input Binary Field', 'binaryPropertyName', 'data'),
		required: true,
		placeholder: 'e.g. data',
		hint: 'The name of the input field that holds the file',
		displayOptions: { show: { ...publish, source: ['binary'] } },
	},
	{
		...textField('Text', 'text', '={{ $json.text }}'),
		typeOptions: { rows: 4 },
		placeholder: 'e.g. # Vacation policy …',
		description: 'The content of the document, as plain text or Markdown',
		displayOptions: { show: { ...publish, source: ['text'] } },
	},
	collectionField('Options', publish, [...optionFields, priorityField]),
];
