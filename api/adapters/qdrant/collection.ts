/**
 * The collection itself: made when it is missing, verified when it is there. Only qdrant-store.ts's `open` calls it.
 * Uses the official client; none of this is rate limited by Qdrant, and it happens once.
 */
import { QdrantClient, type Schemas } from '@qdrant/js-client-rest';
import { DocDropError } from '../../errors.ts';
import type { Clock } from '../../ports/index.ts';
import { fromClient } from './failures.ts';
import { docIdKey, metadataKey, tenantKey, versionKey } from './payload.ts';
import { sparseName } from './write-plan.ts';
import type { Endpoint } from './qdrant-transport.ts';

export type MetadataKind = 'text' | 'number' | 'date' | 'flag';

export interface CollectionOptions {
	readonly endpoint: Endpoint;
	readonly apiKey?: string;
	readonly collection: string;
	readonly dimensions: number;
	readonly modelFingerprint?: string;
	/** Names of metadata that searches are filtered by, and what their values are. */
	readonly indexedMetadata?: ReadonlyMap<string, MetadataKind>;
	readonly timeoutMs: number;
	readonly clock: Clock;
}

export interface QdrantInfo {
	/** Of the server; null where it does not tell. */
	readonly version: string | null;
	/** What an operator should know, or null. */
	readonly warning: string | null;
}

/** Payload indexes, made before any data so that Qdrant builds its graph with them. */
const payloadIndexes = (version: string | null): Record<string, Schemas['PayloadSchemaParams']> => ({
	[tenantKey]: { type: 'keyword', is_tenant: true },
	[docIdKey]: text(version),
	[versionKey]: { type: 'integer' },
});

const text = (version: string | null): Schemas['PayloadSchemaParams'] => ({
	type: 'keyword',
	...(knowsPrefix(version) && { prefix: true }),
});

const indexOf = { text: 'keyword', number: 'float', date: 'datetime', flag: 'bool' } as const;
/** What every document has and is filtered by. */
const ownKinds: readonly [string, MetadataKind][] = [
	['path', 'text'],
	['mimeType', 'text'],
	['publishedAt', 'date'],
];

/** Indexes that only make filters fast; where Qdrant still builds one, they are slow and right. */
function filterIndexes(
	{ indexedMetadata = new Map<string, MetadataKind>() }: CollectionOptions,
	version: string | null,
): [string, Schemas['PayloadSchemaParams']][] {
	return [...ownKinds, ...indexedMetadata].map(([name, kind]) => [
		metadataKey(name),
		kind === 'text' ? text(version) : { type: indexOf[kind] },
	]);
}

/** An index for the beginnings of texts, and the condition that asks for them, came with 1.19. */
export const knowsPrefix = (version: string | null): boolean => isAtLeast(version, 19);

function isAtLeast(version: string | null, wanted: number): boolean {
	const [, major, minor] = /^(\d+)\.(\d+)/.exec(version ?? '') ?? [];
	return major === undefined || Number(major) > 1 || Number(minor) >= wanted;
}

/** Name in the collection's own metadata (Qdrant 1.16) that says which model its vectors are of. */
const modelKey = 'docdrop_model';

/** `update_filter` and the collection's metadata came with 1.16; before, both are ignored without a word. */
function versionWarning(version: string | null): string | null {
	if (isAtLeast(version, 16)) return null;
	return `Qdrant ${version} is older than 1.16: writes are not guarded by tenant, the model is not verified`;
}

function mismatch(what: string, demand: string | number, found: string | number | undefined): DocDropError {
	return new DocDropError(
		'index_mismatch',
		`the collection's ${what} must be ${demand}, it is ${found ?? 'missing'}`,
	);
}

/** Throws `index_mismatch` where the collection was made for something else. */
function verify(info: Schemas['CollectionInfo'], options: CollectionOptions): void {
	const { vectors, sparse_vectors: sparse } = info.config.params;
	const dense =
		vectors && typeof vectors['size'] === 'number' ? (vectors as Schemas['VectorParams']) : undefined;
	if (dense === undefined) throw mismatch('unnamed vector', 'there', 'missing');
	if (dense.size !== options.dimensions) throw mismatch('vector size', options.dimensions, dense.size);
	if (dense.distance !== 'Cosine') throw mismatch('distance', 'Cosine', dense.distance);
	const modifier =
		sparse?.[sparseName] === undefined
			? undefined
			: ((sparse[sparseName].modifier as string | null) ?? 'none');
	if (modifier !== 'idf')
		throw mismatch(`sparse vector ${sparseName}`, 'there, with the modifier idf', modifier);
	for (const [field, { type: wanted }] of Object.entries(payloadIndexes(null))) {
		const type = info.payload_schema[field]?.data_type;
		if (type !== undefined && type !== wanted) throw mismatch(`index of ${field}`, wanted, type);
	}
	for (const [name, kind] of options.indexedMetadata ?? []) {
		const type = info.payload_schema[metadataKey(name)]?.data_type;
		if (type !== undefined && type !== indexOf[kind]) throw mismatch(`index of ${name}`, indexOf[kind], type);
	}
	const model = (info.config as { metadata?: Record<string, unknown> | null }).metadata?.[modelKey];
	const demanded = options.modelFingerprint;
	if (demanded !== undefined && typeof model === 'string' && model !== demanded) {
		throw mismatch('model', demanded, model);
	}
}

export async function openCollection(options: CollectionOptions): Promise<QdrantInfo> {
	const { endpoint, apiKey, collection, dimensions, modelFingerprint, timeoutMs, clock } = options;
	const client = new QdrantClient({
		url: endpoint.origin,
		// The client drops a default port (443) and then takes 6333; null makes it keep the address as it is.
		...(new URL(endpoint.origin).port === '' && { port: null }),
		prefix: endpoint.prefix,
		timeout: timeoutMs,
		// Its own check is not awaited and writes to the console; so does its `apiKey` over plain http.
		checkCompatibility: false,
		...(apiKey !== undefined && { headers: { 'api-key': apiKey } }),
	});
	const attempt = async <T>(call: Promise<T>): Promise<T> => {
		try {
			return await call;
		} catch (error) {
			throw fromClient(error, clock.now());
		}
	};

	const { version } = await attempt(client.versionInfo());
	if (!(await attempt(client.collectionExists(collection))).exists) {
		try {
			await client.createCollection(collection, {
				vectors: { size: dimensions, distance: 'Cosine' },
				sparse_vectors: { [sparseName]: { modifier: 'idf' } },
				...(modelFingerprint !== undefined && { metadata: { [modelKey]: modelFingerprint } }),
			});
		} catch (error) {
			// Another process may have made it meanwhile; what it made is verified below.
			if (!(await attempt(client.collectionExists(collection))).exists) throw fromClient(error, clock.now());
		}
	}
	const info = await attempt(client.getCollection(collection));
	verify(info, options);
	for (const [field_name, field_schema] of Object.entries(payloadIndexes(version))) {
		if (info.payload_schema[field_name] !== undefined) continue;
		await attempt(client.createPayloadIndex(collection, { field_name, field_schema, wait: true }));
	}
	for (const [field_name, field_schema] of filterIndexes(options, version)) {
		if (info.payload_schema[field_name] !== undefined) continue;
		await attempt(client.createPayloadIndex(collection, { field_name, field_schema, wait: false }));
	}
	return { version, warning: versionWarning(version) };
}
