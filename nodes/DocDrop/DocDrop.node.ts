import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';
import { testDocDropApi } from './credential-test.ts';
import { properties } from './description/index.ts';
import { searchDocuments, searchSources, searchTenants } from './lists.ts';
import { route } from './router.ts';

/** The action node: descriptions in description/, one file an operation in operations/, the way there in router.ts. */
export class DocDrop implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'DocDrop',
		name: 'docDrop',
		icon: { light: 'file:docdrop.svg', dark: 'file:docdrop.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
		description: 'Put documents into a vector index, keep them up to date, and search them',
		defaults: { name: 'DocDrop' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'docDropApi', required: true, testedBy: 'testDocDropApi' }],
		properties,
	};

	methods = {
		credentialTest: { testDocDropApi },
		listSearch: { searchTenants, searchDocuments, searchSources },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return [await route(this)];
	}
}
