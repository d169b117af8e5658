/** What each operation gives. A new operation is asked for by the tool, a new field by its comment or schema. */
import { DocumentView } from '../../api/contract/document-schema.ts';
import { JobView } from '../../api/contract/job-schema.ts';
import { PreviewResponse } from '../../api/contract/preview-schema.ts';
import { readInterfaces, type Commented, type Field } from './commented-fields.ts';
import { cell, code, table } from './markdown.ts';
import { schemaFields } from './schema-fields.ts';

const made = readInterfaces('nodes/DocDrop/output-items.ts');
const listed = readInterfaces('nodes/DocDrop/input/listed-item.ts');

/** A kind of item: its heading, what is said of it, and its fields. */
interface Kind {
	readonly heading: string;
	readonly text: string;
	readonly fields: readonly Field[];
}

const ofInterface = (heading: string, name: string, from = made, text?: string): Kind => {
	const { comment, fields } = from.get(name) as Commented;
	return { heading, text: text ?? comment, fields };
};

const kinds = {
	change: ofInterface('Item of a change', 'ChangeItem'),
	snapshot: ofInterface('Item of a whole folder', 'SnapshotDone'),
	preview: {
		heading: 'Item of a preview',
		text: "Of each document. Behind a trigger it keeps the fields of the trigger's item, with the hash of what was shown in `docdrop.sha256`; the trigger's `snapshotComplete` passes through as it is. A file that is gone is `vanished`, without the other fields.",
		fields: schemaFields(PreviewResponse),
	},
	listed: ofInterface(
		'Listed item',
		'ListedItem',
		listed,
		'In the field `listed`, beside the fields that the item of the list has. Leave it as it is.',
	),
	document: { heading: 'Item of a document', text: 'One for each.', fields: schemaFields(DocumentView) },
	job: { heading: 'Item of a job', text: 'One for each.', fields: schemaFields(JobView) },
	passage: ofInterface('Item of a passage', 'PassageItem'),
	answer: ofInterface('Item of an answer', 'AnswerItem'),
	prefix: ofInterface('Item of a deletion by prefix', 'PrefixDeletedItem'),
	metadataUpdated: ofInterface('Item of an update by filter', 'MetadataUpdatedItem'),
	tenantDeleted: ofInterface('Item of a deleted tenant', 'TenantDeletedItem'),
	status: ofInterface('Item of a status', 'TenantStatusItem'),
	tenant: {
		heading: 'Item of a tenant',
		text: 'One for each.',
		fields: [{ name: 'tenant', type: 'text', meaning: 'Its name' }],
	},
	released: ofInterface('Item of released deletions', 'ReleasedItem'),
	error: ofInterface('Item with an error', 'ItemError'),
} satisfies Record<string, Kind>;

/** By resource and operation. */
const given: Readonly<Record<string, readonly (keyof typeof kinds)[]>> = {
	'batch publishListed': ['change'],
	'batch publishMany': ['change', 'snapshot'],
	'batch syncList': ['listed'],
	'document delete': ['change'],
	'document deleteByPrefix': ['prefix'],
	'document get': ['document'],
	'document getMany': ['document'],
	'document preview': ['preview'],
	'document publish': ['change', 'snapshot'],
	'document releaseHeld': ['released'],
	'document search': ['passage', 'answer'],
	'document updateMetadata': ['change'],
	'document updateMetadataByFilter': ['metadataUpdated'],
	'job cancel': ['job'],
	'job get': ['job'],
	'job getMany': ['job'],
	'job retry': ['job'],
	'job wait': ['job'],
	'tenant delete': ['tenantDeleted'],
	'tenant getMany': ['tenant'],
	'tenant status': ['status'],
};

const anchor = (heading: string) => heading.toLowerCase().replaceAll(' ', '-');

/** Links to the items that the operation gives. */
export function givenBy(operation: string): string {
	const found = given[operation];
	if (found === undefined) throw new Error(`what does the operation "${operation}" give? See outputs.ts`);
	const links = found
		.map((name) => kinds[name].heading)
		.map((heading) => `[${heading}](#${anchor(heading)})`);
	return `Gives: ${links.join(', ')}.`;
}

/** Fields of the items that a person maps after the operation. */
export const fieldsGivenBy = (operation: string): readonly Field[] => {
	const [kind] = given[operation] ?? [];
	return kind === undefined ? [] : kinds[kind].fields;
};

export const operationsWithItems: readonly string[] = Object.keys(given);

export const itemFieldTable = (fields: readonly Field[]): string =>
	table(
		['field', 'value', 'meaning'],
		fields.map(({ name, type, meaning }) => [code(name), type, cell(meaning)]),
	);

export const outputItems = (): string =>
	Object.values<Kind>(kinds)
		.map(({ heading, text, fields }) => `#### ${heading}\n\n${text}\n\n${itemFieldTable(fields)}`)
		.join('\n\n');
