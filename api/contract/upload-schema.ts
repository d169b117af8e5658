import { Type, type Static } from 'typebox';
import { Content, PublishRequest } from './document-schema.ts';
import { DocId, Sha256, Tenant } from './id-schema.ts';
import { limits } from './limits.ts';

/** What comes as multipart/form-data: files, and what they are. */
const Part = Type.Object(
	{
		part: Type.Union([Type.String(), Type.Integer({ minimum: 0, maximum: limits.batchDocuments })], {
			description:
				'Name of a file of the form, the first one of that name that no document before this one takes; or its place among the files, from 0.',
		}),
	},
	{ additionalProperties: false },
);

const { content: _content, ...fields } = PublishRequest.properties;
const { priority, coalesced } = fields;

/** As in a JSON batch, but for what the file itself says, and with a priority of its own. */
export const ManifestDocument = Type.Object(
	{
		...fields,
		tenant: Type.Optional(
			Type.Unsafe<Static<typeof Tenant>>({ ...Tenant, description: 'Default: that of the form.' }),
		),
		docId: Type.Optional(
			Type.Unsafe<Static<typeof DocId>>({ ...DocId, description: 'Default: the name of its file.' }),
		),
		content: Type.Optional(
			Type.Union([Part, ...Content.anyOf], { description: 'A file of the form, or as in a JSON batch.' }),
		),
		sha256: Type.Optional(
			Type.Unsafe<Static<typeof Sha256>>({
				...Sha256,
				description: 'Hash of the bytes; a file with another one is refused.',
			}),
		),
	},
	{ additionalProperties: false },
);
export type ManifestDocument = Static<typeof ManifestDocument>;

const envelope = { priority, coalesced };

/** Its documents are checked one by one, so that a bad one is named and the others are taken. */
export const ManifestEnvelope = Type.Object(
	{ documents: Type.Array(Type.Unknown(), { maxItems: limits.batchDocuments }), ...envelope },
	{ additionalProperties: false },
);

const manifest = Type.Object(
	{ documents: Type.Array(ManifestDocument, { maxItems: limits.batchDocuments }), ...envelope },
	{
		additionalProperties: false,
		description: `What the files are, as JSON of at most ${limits.manifestBytes / 1_048_576} MB, before or after them. Results come in its order; a file that it does not name becomes a document after them, called by its name.`,
	},
);

/** Beside a form's fields, which say the same. */
export const FormQuery = Type.Object(
	{
		tenant: Type.Optional(
			Type.Unsafe<Static<typeof Tenant>>({
				...Tenant,
				description: 'Whose documents they are. Default: that of the key, else DOCDROP_TENANT.',
			}),
		),
		...envelope,
	},
	{ additionalProperties: false },
);
export type FormQuery = Static<typeof FormQuery>;

/** For the description alone: a form's parts are read one by one. */
export const UploadForm = Type.Object({
	file: Type.Array(Type.String({ format: 'binary' }), {
		minItems: 1,
		maxItems: limits.batchDocuments,
		description: 'The files, in parts of any name.',
	}),
	manifest: Type.Optional(manifest),
	...FormQuery.properties,
});
