import type { INodeProperties } from 'n8n-workflow';
import { batchOperation } from './batch-operations.ts';
import { contentFields } from './content-fields.ts';
import { documentFields, documentOperation } from './document-operations.ts';
import { jobFields, jobOperation } from './job-operations.ts';

const resource: INodeProperties = {
	displayName: 'Resource',
	name: 'resource',
	type: 'options',
	noDataExpression: true,
	default: 'batch',
	options: [
		{ name: 'Batch', value: 'batch', description: 'All items at once' },
		{ name: 'Document', value: 'document', description: 'One document for each item' },
		{ name: 'Job', value: 'job', description: 'What became of a change that was sent' },
	],
};

export const properties: INodeProperties[] = [
	resource,
	batchOperation,
	documentOperation,
	jobOperation,
	...contentFields,
	...documentFields,
	...jobFields,
];
