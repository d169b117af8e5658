import type { INodeProperties } from 'n8n-workflow';
import { choiceField, switchField, textField } from '../../panel-fields.ts';
import { priorityField } from './content-fields.ts';
import {
	collectionField,
	documentField,
	filterField,
	operationField,
	pagingFields,
	tenantField,
} from './fields.ts';
import { searchFields } from './search-fields.ts';

const resource = ['document'];

export const documentOperation = operationField('document', 'publish', [
	{
		name: 'Publish',
		value: 'publish',
		action: 'Publish a document',
		description: 'Put a document into the index, one request for each item',
	},
	{
		name: 'Search',
		value: 'search',
		action: 'Search documents by words or a question and get the passages that answer it',
		description: 'Find passages by words or a question, one item a passage',
	},
	{
		name: 'Preview',
		value: 'preview',
		action: 'Preview a document',
		description: 'Show into which passages a document would be cut, and what publishing it would change',
	},
	{
		name: 'Get',
		value: 'get',
		action: 'Get a document',
		description: 'Show the state of one document, and what of it is in the index',
	},
	{
		name: 'Get Many',
		value: 'getMany',
		action: 'Get many documents',
		description: 'List the documents of a tenant',
	},
	{
		name: 'Update Metadata',
		value: 'updateMetadata',
		action: 'Update the metadata of a document',
		description: 'Change what is stored with a document, without sending it again',
	},
	{
		name: 'Update Metadata by Filter',
		value: 'updateMetadataByFilter',
		action: 'Update the metadata of documents by filter',
		description: 'Change what is stored with all documents that are like a filter',
	},
	{
		name: 'Delete',
		value: 'delete',
		action: 'Delete a document',
		description: 'Remove a document from the index',
	},
	{
		name: 'Delete by Prefix',
		value: 'deleteByPrefix',
		action: 'Delete documents by prefix',
		description: 'Remove all documents whose IDs begin alike, such as those of a folder',
	},
	{
		name: 'Release Held Deletions',
		value: 'releaseHeld',
		action: 'Release held deletions of a folder',
		description:
			'Let deletions go that are held for a folder that the API itself follows. For the folder of a trigger, use its option Confirm Held Deletions.',
	},
]);

export const documentFields: INodeProperties[] = [
	tenantField({
		resource,
		operation: [
			...['delete', 'deleteByPrefix', 'get', 'getMany'],
			...['updateMetadata', 'updateMetadataByFilter'],
		],
	}),
	{
		...textField('Prefix', 'prefix'),
		required: true,
		placeholder: 'e.g. handbook/',
		description:
			'Start of the document IDs; Get Many with the same prefix shows which ones go. End a folder with a slash: "handbook" is the start of "handbook-old/a.md" too.',
		displayOptions: { show: { resource, operation: ['deleteByPrefix'] } },
	},
	documentField({ resource, operation: ['delete', 'get', 'updateMetadata'] }),
	{
		...filterField('Change the documents that are like this'),
		required: true,
		displayOptions: { show: { resource, operation: ['updateMetadataByFilter'] } },
	},
	{
		displayName: 'Metadata',
		name: 'metadata',
		type: 'json',
		default: '{}',
		required: true,
		placeholder: 'e.g. {"team": "support", "draft": null}',
		description:
			'The names to change and their new values, each as a whole; null takes a name away, other names stay. Whoever publishes the document again says all of its metadata anew.',
		displayOptions: { show: { resource, operation: ['updateMetadata', 'updateMetadataByFilter'] } },
	},
	collectionField('Options', { resource, operation: ['updateMetadata', 'updateMetadataByFilter'] }, [
		priorityField,
		{
			...switchField('Take Over', 'takeOver'),
			description:
				'Whether to become the owner of documents that a trigger or another source owns. Without it they are refused; with it, what their owner sends later is.',
		},
	]),
	collectionField('Options', { resource, operation: ['delete'] }, [
		priorityField,
		{
			...switchField('Take Over', 'takeOver'),
			description:
				'Whether to delete a document that another trigger or source owns, too. Without it, its deletion is refused.',
		},
	]),
	collectionField('Options', { resource, operation: ['deleteByPrefix'] }, [
		filterField('Delete only those of them that are like this'),
		{
			...switchField('Take Over', 'takeOver'),
			description:
				'Whether to delete documents that a trigger or another source owns as well; without it they stay, and the node says how many',
		},
	]),
	...pagingFields({ resource, operation: ['getMany'] }),
	collectionField('Filters', { resource, operation: ['getMany'] }, [
		filterField('List only documents that are like this'),
		{
			...textField('Prefix', 'prefix'),
			placeholder: 'e.g. handbook/',
			description: 'Start of the document ID, such as a folder',
		},
		{
			...choiceField('State', 'state', 'published'),
			description: 'Of the newest change of the document',
			options: [
				{ name: 'Accepted', value: 'accepted', description: 'Waits to be worked on' },
				{ name: 'Deleted', value: 'deleted', description: 'The document is gone from the index' },
				{ name: 'Failed', value: 'failed', description: 'Given up: see its error' },
				{ name: 'Processing', value: 'processing', description: 'Is being worked on' },
				{ name: 'Published', value: 'published', description: 'The document is in the index' },
				{ name: 'Retrying', value: 'retrying', description: 'Failed, and will be tried again by itself' },
			],
		},
	]),
	{
		displayName: 'Followed Folder',
		name: 'followedFolder',
		type: 'resourceLocator',
		default: { mode: 'list', value: '' },
		required: true,
		description:
			'A folder that the API follows by itself (docdrop watch). Its deletions are held where too much is gone at once: release them only where the files are gone for good.',
		displayOptions: { show: { resource, operation: ['releaseHeld'] } },
		modes: [
			{
				displayName: 'From List',
				name: 'list',
				type: 'list',
				typeOptions: { searchListMethod: 'searchSources', searchable: true },
			},
			{
				displayName: 'By ID',
				name: 'id',
				type: 'string',
				placeholder: 'e.g. 0b8f9a52-6f6c-4a3b-9a52-0d9d4a1f0c11',
				hint: 'The sourceId that GET /v1/sources shows',
			},
		],
	},
	...searchFields,
];
