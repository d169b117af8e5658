/** The node's panel: a folder, a tenant, and everything rarely needed in groups of options. */
import type { INodeProperties } from 'n8n-workflow';
import { limits } from '../../api/contract/limits.ts';
import { choiceField, textField } from '../panel-fields.ts';
import { numberField } from './number-options.ts';
import { optionGroups } from './option-groups.ts';

export const properties: INodeProperties[] = [
	{
		displayName: 'Folder',
		name: 'folder',
		type: 'resourceLocator',
		default: { mode: 'path', value: '' },
		required: true,
		description:
			'The folder to watch, with all that is below it. n8n must be allowed to read it (N8N_RESTRICT_FILE_ACCESS_TO). Further folders: Files, More Folders.',
		modes: [
			{
				displayName: 'From List',
				name: 'list',
				type: 'list',
				typeOptions: { searchListMethod: 'searchFolders', searchable: true },
				hint: 'Folders that n8n may read, and those below them',
			},
			{
				displayName: 'By Path',
				name: 'path',
				type: 'string',
				placeholder: 'e.g. /data/inbox',
				hint: 'The full path as n8n sees it: in a container, the path inside the container',
			},
		],
	},
	{
		...choiceField('Tenant From', 'tenantFrom', 'fixed'),
		options: [
			{
				name: 'Fixed Value',
				value: 'fixed',
				description: 'All files belong to one tenant',
			},
			{
				name: 'Folder in the Path',
				value: 'segment',
				description: 'Each file belongs to the tenant that one of the folders around it is named after',
			},
		],
		description: 'Whose documents the files are: tenants never see one another in searches',
	},
	{
		...textField('Tenant', 'tenant', 'default'),
		required: true,
		placeholder: 'e.g. acme',
		displayOptions: { show: { tenantFrom: ['fixed'] } },
		description: `Letters, digits, dots and the signs _ : @ - (at most ${limits.tenantChars})`,
	},
	{
		...numberField('tenantSegment'),
		displayOptions: { show: { tenantFrom: ['segment'] } },
		description:
			'Which folder on the way to a file names its tenant: 1 is the first below the watched one. Files that lie in no such folder are left out, and reported.',
		hint: 'With 1, acme/contracts/a.md belongs to acme',
	},
	{
		// Called Events, each of them would become a preset of n8n's node panel that leaves out the others.
		displayName: 'Changes',
		name: 'changes',
		type: 'multiOptions',
		default: ['changed', 'created', 'deleted', 'moved'],
		options: [
			{ name: 'Changed', value: 'changed', description: 'A file has another content' },
			{ name: 'Created', value: 'created', description: 'A file is new' },
			{ name: 'Deleted', value: 'deleted', description: 'A file is gone' },
			{
				name: 'Moved',
				value: 'moved',
				description: 'A file has another name or place; without this it is created and deleted',
			},
		],
		description: 'What starts the workflow. An index that follows the folder needs all of them.',
	},
	...optionGroups,
];
