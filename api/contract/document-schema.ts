import { Type, type Static } from 'typebox';
import { DocId, Sha256, SourceId, SourceName, Tenant } from './id-schema.ts';
import { Priority } from './job-schema.ts';
import { limits } from './limits.ts';
import { patterns } from './patterns.ts';
import { asideOf, reservedMetadata } from './stored-fields.ts';

export const Source = Type.Object(
	{
		sourceId: SourceId,
		epoch: Type.String({
			minLength: 1,
			maxLength: 64,
			pattern: patterns.name,
			description: 'One life of the source’s own state; a new one begins when that state is made or lost.',
		}),
		seq: Type.Integer({
			minimum: 0,
			maximum: 4294967295,
			description:
				'Grows with every change within the epoch, and names one content: late and doubled changes are known by it, and another content under a number that was taken is stale.',
		}),
		name: Type.Optional(SourceName),
	},
	{
		additionalProperties: false,
		description:
			'Who sends the change, and its place in that sender’s order. Without it: source `api`, in order of arrival.',
	},
);
export type Source = Static<typeof Source>;

/** A form's manifest has one more way: see upload-schema.ts. */
export const Content = Type.Union(
	[
		Type.Object({ text: Type.String({ description: 'Unicode text.' }) }, { additionalProperties: false }),
		Type.Object(
			{
				base64: Type.String({
					description: 'The bytes, standard base64 with padding; line breaks are ignored.',
				}),
			},
			{ additionalProperties: false },
		),
	],
	{ description: 'Exactly one of text and base64. Large files go by PUT /v1/documents/content.' },
);
export type Content = Static<typeof Content>;

const metadataOf = (description: string) =>
	Type.Record(Type.String({ minLength: 1, maxLength: limits.metadataNameChars }), Type.Unknown(), {
		description,
	});

const docFields = {
	mimeType: Type.Optional(
		Type.String({
			minLength: 3,
			maxLength: 127,
			pattern: patterns.mimeType,
			description: 'Default: by the ending of path or docId, else text/plain for text.',
		}),
	),
	charset: Type.Optional(
		Type.String({
			minLength: 2,
			maxLength: 40,
			description:
				'Of the bytes, such as windows-1251. Default: the charset in mimeType, else what the bytes tell. Text is Unicode.',
		}),
	),
	title: Type.Optional(
		Type.String({ maxLength: 1024, description: 'Default: what the document itself says.' }),
	),
	path: Type.Optional(
		Type.String({ maxLength: 4096, description: 'Where a person finds the file; shown with results.' }),
	),
	metadata: Type.Optional(
		metadataOf(
			`Any JSON, at most ${limits.metadataBytes / 1_024} kB; goes beside DocDrop's own names (${reservedMetadata.join(', ')}): one of these is kept with ${asideOf('')} in front.`,
		),
	),
};

/** What a document's metadata becomes where its content stays. */
export const MetadataPatch = metadataOf(
	'Names and their new values, each as a whole; null takes a name away. Other names stay as they are.',
);

const Previous = Type.Object(
	{ tenant: Type.Optional(Tenant), docId: DocId },
	{
		additionalProperties: false,
		description:
			'Where this content was until now: its document is deleted with this change, once this one is in the index. Default tenant: the same. The source must own both.',
	},
);

/** A normalized document, or the deletion or patch of one. */
export const DocumentInput = Type.Object(
	{
		op: Type.Optional(
			Type.Enum(['put', 'delete', 'patch'], {
				description:
					'Default put. patch changes metadata alone, without content: each name becomes its new value as a whole, null takes it away, and other names stay. The document must be there, waiting or published.',
			}),
		),
		tenant: Tenant,
		docId: DocId,
		content: Type.Optional(Content),
		sha256: Type.Optional(
			Type.Unsafe<Static<typeof Sha256>>({
				...Sha256,
				description: 'Declared hash of the bytes; the bytes win.',
			}),
		),
		...docFields,
		source: Type.Optional(Source),
		previous: Type.Optional(Previous),
		takeOver: Type.Optional(
			Type.Boolean({
				description: 'Become the owner of a document that another source owns. Default false.',
			}),
		),
	},
	{ additionalProperties: false },
);
export type DocumentInput = Static<typeof DocumentInput>;

/** Of one document, as the patch of a batch. */
const { tenant, docId, source, takeOver } = DocumentInput.properties;
const waitFields = {
	priority: Type.Optional(Priority),
	coalesced: Type.Optional(
		Type.Boolean({
			description: 'The sender has waited for quiet already: no further window. Default false.',
		}),
	),
};
export const PatchRequest = Type.Object(
	{ tenant, docId, metadata: MetadataPatch, source, takeOver, ...waitFields },
	{ additionalProperties: false },
);
export type PatchRequest = Static<typeof PatchRequest>;

export const PublishRequest = Type.Object(
	{
		...DocumentInput.properties,
		...waitFields,
	},
	{ additionalProperties: false },
);
export type PublishRequest = Static<typeof PublishRequest>;

const receiptFields = {
	jobId: Type.String(),
	tenant: Type.String(),
	docId: Type.String(),
	state: Type.Enum(['accepted', 'unchanged', 'stale']),
	version: Type.Integer(),
	superseded: Type.Optional(Type.String({ description: 'The waiting receipt that this change replaced.' })),
	sha256: Type.Optional(
		Type.String({
			description:
				'Of the bytes that were taken, or were here already; none of a deletion and of what is stale.',
		}),
	),
	follows: Type.Optional(
		Type.String({ description: 'Unchanged: the equal change that is still on its way.' }),
	),
	statusUrl: Type.String({ description: 'Relative to the API’s address.' }),
	by: Type.Optional(
		Type.Object(
			{ name: Type.String() },
			{
				additionalProperties: false,
				description:
					'Stale: the document follows a newer epoch of the same source by now, which another sender began; who that is.',
			},
		),
	),
};

/** The answer to one accepted change. */
export const Receipt = Type.Object(
	{
		...receiptFields,
		previous: Type.Optional(
			Type.Object(receiptFields, {
				additionalProperties: false,
				description: 'Of a move: the receipt of the deletion of the old name.',
			}),
		),
	},
	{ additionalProperties: false },
);
export type Receipt = Static<typeof Receipt>;

export const PublishedView = Type.Object({
	version: Type.Integer({ description: 'The one that is in the index.' }),
	contentSha256: Type.String({ description: 'Hash of its content.' }),
	bytes: Type.Integer({ description: 'Size of its content.' }),
	chunks: Type.Integer({ description: 'Passages that it is found by.' }),
	publishedAt: Type.String({ description: 'ISO 8601, UTC.' }),
	jobId: Type.String({ description: 'Receipt of the change that put it there.' }),
});

export const DocumentView = Type.Object({
	tenant: Type.String(),
	docId: Type.String(),
	state: Type.Enum(['published', 'deleted', 'accepted', 'processing', 'retrying', 'failed'], {
		description: 'Of the newest accepted change.',
	}),
	sourceId: Type.String({ description: 'Who owns it: one UUID a trigger node, or `api`.' }),
	sourceName: Type.Union([Type.String(), Type.Null()], {
		description: 'What people know its owner by, such as the name of a workflow.',
	}),
	version: Type.Integer({ description: 'Of the newest accepted change; grows with every change.' }),
	jobId: Type.String({ description: 'Receipt of the newest accepted change.' }),
	title: Type.Union([Type.String(), Type.Null()], { description: 'As given; null: what the document says.' }),
	path: Type.Union([Type.String(), Type.Null()], { description: 'Where a person finds the file.' }),
	mimeType: Type.Union([Type.String(), Type.Null()], { description: 'As what it is read.' }),
	metadata: Type.Record(Type.String(), Type.Unknown(), { description: 'What was stored with it.' }),
	acceptedAt: Type.String({ description: 'ISO 8601, UTC.' }),
	attempts: Type.Integer({ description: 'Failures that counted.' }),
	error: Type.Union([Type.Object({ code: Type.String(), message: Type.String() }), Type.Null()], {
		description: 'Why the newest change failed, or is tried again: code and message.',
	}),
	published: Type.Union([PublishedView, Type.Null()], { description: 'What the index holds now.' }),
});
export type DocumentView = Static<typeof DocumentView>;

export const ChunkView = Type.Object({
	index: Type.Integer({ minimum: 0, description: 'Sequential within the document.' }),
	pointId: Type.String(),
	heading: Type.Union([Type.String(), Type.Null()]),
	page: Type.Union([Type.Integer(), Type.Null()]),
	text: Type.String(),
});
export type ChunkView = Static<typeof ChunkView>;
