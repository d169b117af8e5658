import type { INodeProperties } from 'n8n-workflow';
import { textField } from '../../panel-fields.ts';
import { operationField, pagingFields, tenantField } from './fields.ts';

const resource = ['tenant'];

export const tenantOperation = operationField('tenant', 'status', [
	{
		name: 'Delete',
		value: 'delete',
		action: 'Delete all documents of a tenant',
		description: 'Remove everything that the index holds of a tenant',
	},
	{
		name: 'Get Many',
		value: 'getMany',
		action: 'Get many tenants',
		description: 'List the tenants that have documents, or had',
	},
	{
		name: 'Status',
		value: 'status',
		action: 'Get the status of a tenant',
		description: 'Show how many documents are in the index, wait and failed, and how long it still takes',
	},
]);

export const tenantFields: INodeProperties[] = [
	tenantField({ resource, operation: ['delete', 'status'] }),
	{
		...textField('Name of the Tenant Again', 'confirmation'),
		required: true,
		placeholder: 'e.g. acme',
		description:
			'Type the name of the tenant whose documents are to go, all of them, whoever published them. A trigger or a list that still publishes to the tenant goes on to do so.',
		displayOptions: { show: { resource, operation: ['delete'] } },
	},
	...pagingFields({ resource, operation: ['getMany'] }),
];
