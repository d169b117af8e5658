import type { INodeProperties } from 'n8n-workflow';
import { choiceField } from '../../panel-fields.ts';
import { contentFields } from './content-fields.ts';
import { documentFields, documentOperation } from './document-operations.ts';
import { operationField } from './fields.ts';
import { jobFields, jobOperation } from './job-operations.ts';
import { listFields, listOperations } from './list-operations.ts';
import { tenantFields, tenantOperation } from './tenant-operations.ts';

const resource: INodeProperties = {
	// Of the node as a tool too: a second field for it would show all of its operations twice in n8n's node panel.
	...choiceField('Resource', 'resource', 'document'),
	noDataExpression: true,
	options: [
		{ name: 'Batch', value: 'batch', description: 'All items at once' },
		{ name: 'Document', value: 'document', description: 'One document for each item' },
		{ name: 'Job', value: 'job', description: 'What became of a change that was sent' },
		{ name: 'Tenant', value: 'tenant', description: 'All documents of one customer, team or project' },
	],
};

const batchOperation = operationField('batch', 'publishMany', [
	{
		name: 'Publish Many',
		value: 'publishMany',
		action: 'Publish many documents',
		description:
			'Put the documents of all items into the index, in as few requests as possible; best behind a DocDrop Trigger',
	},
	...listOperations,
]);

/** An agent is given the node to find something, everybody else to publish. */
const documentOperations: INodeProperties[] = [
	{
		...documentOperation,
		displayOptions: { ...documentOperation.displayOptions, hide: { '@tool': [true] } },
	},
	{
		...documentOperation,
		default: 'search',
		displayOptions: { show: { ...documentOperation.displayOptions?.show, '@tool': [true] } },
	},
];

export const properties: INodeProperties[] = [
	resource,
	batchOperation,
	...documentOperations,
	jobOperation,
	tenantOperation,
	...contentFields,
	...listFields,
	...documentFields,
	...jobFields,
	...tenantFields,
];
