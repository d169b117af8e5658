/** Every code that an error of the nodes may have. */
import { errorTable, type ErrorCode } from '../../api/errors.ts';
import type { LocalCode } from '../../nodes/DocDrop/node-errors.ts';
import { cell, code, table } from './markdown.ts';

/** What the nodes say of it otherwise than the API. */
type Reworded = Extract<ErrorCode, 'unauthorized' | 'unsupported_type'>;

/** What the nodes find out by themselves, in a person's words. A vanished file is no error of any item. */
const own: Readonly<Record<Exclude<LocalCode, 'vanished'> | Reworded, string>> = {
	address_blocked:
		'n8n itself forbids requests to the Address of the credential: the message names the setting.',
	address_invalid: 'The Address of the credential is none, or ends in a path that the API does not have.',
	answer_too_large: 'Ask for less at once.',
	binary_missing: 'n8n no longer has the binary data of the item: run the node before it again.',
	changed_since:
		'Only If Unchanged: the file changed after it was shown. The trigger tells of the new content by itself.',
	contract_mismatch: 'The versions of node and API do not fit together: the message names both.',
	deletions_held: 'So many documents would go at once that a person must agree: see [Deletions](#deletions).',
	file_access:
		'n8n does not allow its nodes to read the file: set N8N_RESTRICT_FILE_ACCESS_TO as the error says.',
	file_unreadable: 'The user that runs n8n may not read the file, or its disk fails.',
	files_missing: 'The folder of the trigger looks empty where this node runs: see [Queue mode](#queue-mode).',
	folder_missing:
		'The folder of the trigger is not there where this node runs: see [Queue mode](#queue-mode).',
	invalid:
		'A parameter or a field is not as it must be: `field` names it, the message says the demand and the value.',
	key_invalid: 'The API Key of the credential holds signs that no request can carry.',
	not_docdrop: 'Something else answers at the Address of the credential, such as a proxy.',
	not_found: 'There is no such document, job or tenant. Of a tenant, the message names those that there are.',
	owned:
		'Another trigger or source owns the document: see [Copies of a workflow](#copies-of-a-workflow). The message says whose it is.',
	redirected: 'The Address of the credential leads elsewhere: enter the one that it leads to.',
	superseded: 'Another workflow publishes this folder now: unpublish one of the two.',
	timeout: 'The API did not answer in time, or a job was not done in the time of Job: Wait.',
	tls: 'The certificate at the Address of the credential is not trusted.',
	too_large: 'The content or the list is larger than the API takes: the message names the limit.',
	unauthorized:
		'Enter a key as the API Key of the credential: one that docdrop keys add showed, or one of DOCDROP_API_KEYS.',
	unreachable: 'Nothing answers at the Address of the credential.',
	unsupported_type:
		'DocDrop cannot read this type, and the error lists those that it reads: leave the file out with File Types, or let a node before make text of it (see [Content from a field](#content-from-a-field)).',
};
/** Of a caller without nodes, or of a start that failed. */
const elsewhere: readonly ErrorCode[] = [
	...(['config_invalid', 'method_not_allowed', 'store_corrupt', 'store_locked', 'store_newer'] as const),
];

export function codeTable(): string {
	const ofApi = (Object.keys(errorTable) as ErrorCode[])
		.filter((name) => !elsewhere.includes(name) && !(name in own))
		.map((name) => ({ name, meaning: errorTable[name].hint }));
	const ofNodes = Object.entries(own).map(([name, meaning]) => ({ name, meaning }));
	return table(
		['code', 'what it is, or what to do'],
		[...ofApi, ...ofNodes]
			.toSorted((a, b) => (a.name < b.name ? -1 : 1))
			.map(({ name, meaning }) => [code(name), cell(meaning)]),
	);
}
