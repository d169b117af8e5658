import type { INodeProperties } from 'n8n-workflow';
import { choiceField, textField } from '../../panel-fields.ts';
import { collectionField, operationField, pagingFields, tenantField } from './fields.ts';

const resource = ['job'];

export const jobOperation = operationField('job', 'wait', [
	{
		name: 'Cancel',
		value: 'cancel',
		action: 'Cancel a job',
		description: 'Withdraw a change that still waits',
	},
	{ name: 'Get', value: 'get', action: 'Get a job', description: 'Show the state of one change' },
	{
		name: 'Get Many',
		value: 'getMany',
		action: 'Get many jobs',
		description: 'List changes, newest first',
	},
	{
		name: 'Retry',
		value: 'retry',
		action: 'Retry a failed job',
		description: 'Try a failed change again; a refused one has to be sent anew',
	},
	{
		name: 'Wait',
		value: 'wait',
		action: 'Wait for a job',
		description: 'Go on when the change is in the index, or has ended otherwise',
	},
]);

export const jobFields: INodeProperties[] = [
	{
		...textField('Job ID', 'jobId', '={{ $json.jobId }}'),
		required: true,
		placeholder: 'e.g. 0199f3a4-7c11-7f2e-9d0a-5b6c7d8e9f00',
		description: 'The jobId of an item that Publish, Publish Many or Delete returned',
		displayOptions: { show: { resource, operation: ['cancel', 'get', 'retry', 'wait'] } },
	},
	{
		displayName: 'Timeout',
		name: 'timeout',
		type: 'number',
		default: 300,
		typeOptions: { minValue: 1 },
		description: 'How many seconds to wait for all jobs together before it is an error',
		hint: 'Items without a job, such as files that vanished, pass through',
		displayOptions: { show: { resource, operation: ['wait'] } },
	},
	{
		...tenantField({ resource, operation: ['getMany'] }, '', 'Empty: jobs of all tenants'),
		required: false,
		description: 'Whose jobs; empty for those of all tenants, where the key allows it',
	},
	...pagingFields({ resource, operation: ['getMany'] }),
	collectionField('Filters', { resource, operation: ['getMany'] }, [
		{
			...textField('Document ID', 'docId'),
			placeholder: 'e.g. handbook/vacation.md',
			description: 'Jobs of this document only; needs the tenant',
		},
		{
			...choiceField('State', 'state', 'failed'),
			options: [
				{ name: 'Accepted', value: 'accepted', description: 'Waits to be worked on' },
				{ name: 'Canceled', value: 'canceled', description: 'Withdrawn before it was worked on' },
				{ name: 'Deleted', value: 'deleted', description: 'The document is gone from the index' },
				{ name: 'Failed', value: 'failed', description: 'Given up or refused: see its error' },
				{ name: 'Processing', value: 'processing', description: 'Is being worked on' },
				{ name: 'Published', value: 'published', description: 'The document is in the index' },
				{ name: 'Retrying', value: 'retrying', description: 'Failed, and will be tried again by itself' },
				{ name: 'Stale', value: 'stale', description: 'Came after a newer change' },
				{ name: 'Superseded', value: 'superseded', description: 'A newer change took its place' },
				{ name: 'Unchanged', value: 'unchanged', description: 'There was nothing to do' },
			],
		},
	]),
];
