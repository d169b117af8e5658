/**
 * The options of the trigger, in groups: n8n lists those of a group by name, so what people set would stand among what
 * experts do. The name of an option is its own in all groups together.
 */
import type { INodeProperties } from 'n8n-workflow';
import { limits } from '../../api/contract/limits.ts';
import { choiceField, switchField, textField } from '../panel-fields.ts';
import { DEFAULT_EXCLUDES } from '../watch/settings.ts';
import { numberField } from './number-options.ts';

const group = (displayName: string, options: readonly INodeProperties[]) => ({
	displayName,
	name: displayName.toLowerCase(),
	type: 'collection' as const,
	placeholder: 'Add Option',
	default: {},
	options: [...options],
});

const files = group('Files', [
	{
		...textField('Exclude', 'exclude', DEFAULT_EXCLUDES.join(', ')),
		placeholder: 'e.g. drafts/**, *.bak',
		description:
			'Patterns of what is left out, separated by commas: without a slash for names of files and folders at any depth, with one for paths below the watched folder. The default leaves out hidden and temporary files.',
	},
	{
		...textField('File Types', 'fileTypes'),
		placeholder: 'e.g. md, txt, html',
		description:
			'Endings of the files that are wanted, in lower or upper case, separated by commas. Empty: all files, source code and data such as JSON among them; name what is wanted where the folder holds a project.',
	},
	{
		...switchField('Follow Symbolic Links', 'followLinks'),
		description:
			"Whether a symbolic link stands for the file or folder it leads to. n8n's own rules about readable folders hold for what it leads to.",
	},
	{
		...textField('Include', 'include'),
		placeholder: 'e.g. *.html, contracts/**/*.md',
		description:
			'Patterns of the files that are wanted, separated by commas: without a slash for names at any depth, with one for paths below the watched folder. Empty: all files.',
	},
	{
		...numberField('maxFileSize'),
		description: 'Larger files are left out',
	},
	{
		displayName: 'More Folders',
		name: 'moreFolders',
		type: 'fixedCollection',
		default: {},
		placeholder: 'Add Folder',
		typeOptions: { multipleValues: true },
		options: [
			{
				displayName: 'Folder',
				name: 'folder',
				values: [
					{
						...textField('Path', 'path'),
						placeholder: 'e.g. /data/archive',
						description: 'Full path of the folder',
					},
					{
						...textField('Label', 'label'),
						placeholder: 'e.g. archive',
						description:
							"Document IDs of its files begin with it. Empty: the folder's own name. Another label makes other documents.",
					},
				],
			},
		],
		description:
			'Further folders to watch; they must not lie in one another. The documents of a folder that is taken out stay in the index, and the trigger says what lets them go.',
	},
]);

const deletions = group('Deletions', [
	{
		...numberField('brake'),
		description:
			'Deletions are held when more than this share of a folder, and more than 4 files, go at once, as when a volume is not mounted. 100 switches this off. See Confirm Held Deletions.',
	},
	{
		...switchField('Confirm Held Deletions', 'confirmHeld'),
		description:
			'Whether to let go, when the workflow is published, of the deletions that are held at that time, here and in the API. Switch it off again afterwards; a restart of n8n confirms nothing.',
	},
	{
		...numberField('deletionGrace'),
		description:
			'How long a file must be gone before it counts as deleted: many programs replace a file when they save it',
	},
]);

const batch = group('Batch', [
	{
		...numberField('batchSize'),
		description: `Most files in one execution, 1 to ${limits.batchDocuments}`,
	},
	{
		...numberField('batchWindow'),
		description: 'Longest time that a change waits for others to share its execution, in milliseconds',
	},
	{
		...choiceField('Executions', 'emit', 'batch'),
		options: [
			{
				name: 'One Execution per Batch',
				value: 'batch',
				description: 'Many files share an execution, one item each: fast, and easy on memory',
			},
			{
				name: 'One Execution per File',
				value: 'file',
				description: 'Each file has an execution of its own: slow where many files come at once',
			},
		],
		description: 'How files are spread over executions',
	},
	{
		...numberField('maxInFlight'),
		description:
			'Executions of this trigger at the same time; further changes wait, and only their newest state is kept. 0: 4 with batches, 50 with single files.',
	},
]);

const advanced = group('Advanced', [
	{
		...textField('Document ID', 'documentId'),
		placeholder: 'e.g. contracts/{relPath}',
		description:
			'Names the document of a file, with {relPath}, {dir}, {name}, {stem}, {ext}, {root} and {tenant}. Empty: the path below the folder, and below each further folder that path after its label. A second file with an ID that is taken is left out, and reported. Another ID or tenant sends everything again, and the documents of the old names are removed.',
	},
	{
		...textField('Folder Label', 'folderLabel'),
		placeholder: 'e.g. inbox',
		description:
			"Names the folder in the items. Empty: the folder's own name. Another label is another folder to the trigger.",
	},
	{
		...numberField('longestWait'),
		description:
			'A file that never stands still, like a log, is taken as it is after this long, in milliseconds, and again each time that it passes; never before Settle Time',
	},
	{
		...numberField('pollInterval'),
		description: 'Time between two looks at a folder that is polled; see Watch Mode',
	},
	{
		...numberField('rescanInterval'),
		description:
			'Time between two full comparisons with the folder, which find whatever the system did not report',
	},
	{
		...numberField('settleTime'),
		description:
			'A file is read when it has not changed for this long, in milliseconds: longer for programs that write slowly',
	},
	{
		...choiceField('State', 'state', 'auto'),
		options: [
			{
				name: 'Automatic',
				value: 'auto',
				description: 'In the workflow for up to 1,000 files, in a SQLite file above, and never back',
			},
			{
				name: 'SQLite File',
				value: 'sqlite',
				description: "A file in n8n's user folder: for large folders, and exact after a crash",
			},
			{
				name: 'Workflow Static Data',
				value: 'staticData',
				description: "Inside the workflow, in n8n's database; after a crash some files are sent again",
			},
		],
		description: 'Where the trigger keeps what it knows of the files. Another place sends everything again.',
	},
	{
		...switchField('Take Over Documents', 'takeOver'),
		description:
			'Whether documents that belong to another folder, list or workflow become those of this trigger. Without it, they are refused. A copy of a workflow on the same folder needs no switch.',
	},
	{
		...choiceField('Watch Mode', 'watchMode', 'automatic'),
		options: [
			{
				name: 'Automatic',
				value: 'automatic',
				description: 'Native, and polling on network and shared file systems',
			},
			{
				name: 'Native',
				value: 'native',
				description: 'The system reports changes at once',
			},
			{
				name: 'Polling',
				value: 'polling',
				description:
					'The folder is looked at again and again: for file systems that report nothing, like some mounted volumes',
			},
		],
		description: 'How changes are noticed. Rescans find them in any mode.',
	},
	{
		...choiceField('When Published', 'onActivation', 'catchUp'),
		options: [
			{
				name: 'Catch Up',
				value: 'catchUp',
				description: 'Sends what has changed since the trigger last ran, the first time all files',
			},
			{
				name: 'Everything Again',
				value: 'everything',
				description:
					'Sends all files each time the trigger is published, and the index lets go of what is not among them',
			},
			{
				name: 'Only From Now On',
				value: 'fromNow',
				description:
					'Takes files that were there before the trigger was published as known, and sends none of them',
			},
		],
		description:
			'What to do when the trigger is published: with a change of its own, or after the workflow was unpublished. After a restart of n8n the trigger always catches up.',
	},
]);

/** What people set stands before what experts do. */
export const optionGroups: INodeProperties[] = [files, deletions, batch, advanced];
