import { Type, type Static } from 'typebox';
import { Source } from './document-schema.ts';
import { DocId, Tenant } from './id-schema.ts';
import { listVersion } from './list-version.ts';
import { limits } from './limits.ts';
import { patterns } from './patterns.ts';

/** A whole list of what there is somewhere else, without its contents. */
export const ListRequest = Type.Object(
	{
		tenant: Tenant,
		list: Type.String({
			minLength: 1,
			maxLength: limits.listNameChars,
			pattern: patterns.docId,
			description: 'Names the list within the tenant: its documents belong to it.',
		}),
		items: Type.Array(
			Type.Object(
				{
					docId: DocId,
					version: Type.Optional(
						Type.String({
							minLength: 1,
							maxLength: limits.listVersionChars,
							description:
								'Whatever is another one when the content is: an ETag, a hash, a time. Absent: it counts as changed.',
						}),
					),
				},
				{ additionalProperties: false },
			),
			{ maxItems: limits.listItems, description: 'All that there is, each once.' },
		),
		confirmed: Type.Optional(
			Type.Boolean({ description: 'A person has agreed to the deletions that are held. Default false.' }),
		),
	},
	{ additionalProperties: false },
);
export type ListRequest = Static<typeof ListRequest>;

export const ListResponse = Type.Object({
	source: Type.Unsafe<Source>({
		...Source,
		description: `To be sent with every document of this list until the list is sent again, and its version as ${listVersion} in the metadata.`,
	}),
	wanted: Type.Array(
		Type.Object({
			index: Type.Integer({ description: 'Place in items.' }),
			change: Type.Enum(['new', 'changed']),
		}),
		{ description: 'Items whose content is to be sent.' },
	),
	unchanged: Type.Integer({ description: 'Items that the index holds in this version, or soon will.' }),
	failed: Type.Integer({ description: 'Of those: documents that were given up; their jobs say why.' }),
	deleted: Type.Integer({ description: 'Documents of the list that were not in it, and go.' }),
	held: Type.Integer({ description: 'Deletions that wait for a confirmation; then none was made.' }),
});
export type ListResponse = Static<typeof ListResponse>;
