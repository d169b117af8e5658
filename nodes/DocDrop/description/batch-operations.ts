import type { INodeProperties } from 'n8n-workflow';

export const batchOperation: INodeProperties = {
	displayName: 'Operation',
	name: 'operation',
	type: 'options',
	noDataExpression: true,
	default: 'publishMany',
	displayOptions: { show: { resource: ['batch'] } },
	options: [
		{
			name: 'Publish Many',
			value: 'publishMany',
			action: 'Publish many documents',
			description: 'All items in as few requests as possible; best behind a DocDrop Trigger',
		},
	],
};
