import type { KeyRight } from '../contract/key-rights.ts';
import type { ErrorCode } from '../errors.ts';

/**
 * Every route, once: which right a key must have for it, and which errors of the table it can be answered, beside those
 * that every route can. A route that is not here does not start; the OpenAPI description takes its answers from here.
 *
 * `read` looks at documents, `write` changes them or has files read, `admin` is for who operates the service.
 */
export interface RouteRow {
	/** `any`: every key will do. Health is asked without one. */
	readonly right: KeyRight | 'any';
	readonly errors: readonly ErrorCode[];
}

/** Whoever asks the state store. */
const store = ['store_unavailable', 'store_corrupt', 'disk_full'] as const;
/** Whoever brings a body. */
const body = ['too_large', 'unsupported_type'] as const;
const change = [...store, ...body, 'credits_exhausted', 'owned', 'queue_full'] as const;
const embedder = [
	...['embedder_unavailable', 'embedder_throttled', 'embedder_rejected'],
	...['embedder_mismatch', 'embedder_forbidden'],
] as readonly ErrorCode[];
const index = [
	...['index_unavailable', 'index_throttled', 'index_rejected', 'index_mismatch', 'index_forbidden'],
] as readonly ErrorCode[];
const reading = [
	...['unreadable', 'encrypted', 'unsupported_encryption', 'no_text_layer'],
	...['extractor_unavailable', 'installation_damaged'],
] as readonly ErrorCode[];
const search = [...store, ...embedder, ...index, 'search_timeout'] as const;

/** Of every route; a refused encoding of a body is one of a request without a body too. */
export const everywhere: readonly ErrorCode[] = [
	...(['invalid', 'forbidden', 'unsupported_type', 'rate_limited', 'internal'] as const),
];
/** Of every route but those that machines ask about the process itself. */
export const beyondHealth: readonly ErrorCode[] = ['unauthorized', 'shutting_down'];

export const routeTable = {
	// Of a patch: there is no such document, or its content is gone.
	'POST /v1/publish': { right: 'write', errors: [...change, 'not_found', 'conflict'] },
	'POST /v1/ingest/batch': { right: 'write', errors: change },
	'POST /v1/files': { right: 'write', errors: change },
	'PUT /v1/documents/content': { right: 'write', errors: [...change, 'changed_since'] },
	'DELETE /v1/documents': { right: 'write', errors: change },
	'PATCH /v1/documents': { right: 'write', errors: [...change, 'not_found', 'conflict'] },
	'POST /v1/documents/patch': { right: 'write', errors: change },
	'POST /v1/documents/delete': { right: 'write', errors: change },
	'POST /v1/lists/sync': { right: 'write', errors: change },
	'POST /v1/preview': { right: 'write', errors: [...store, ...body, ...reading] },

	'GET /v1/tenants': { right: 'read', errors: store },
	'GET /v1/documents': { right: 'read', errors: store },
	'GET /v1/documents/state': { right: 'read', errors: [...store, 'not_found'] },
	'GET /v1/documents/chunks': { right: 'read', errors: [...store, 'not_found'] },
	'GET /v1/documents/history': { right: 'read', errors: [...store, 'not_found'] },

	'GET /v1/jobs': { right: 'read', errors: store },
	'GET /v1/jobs/:jobId': { right: 'read', errors: [...store, 'not_found'] },
	'POST /v1/jobs/:jobId/cancel': { right: 'write', errors: [...store, ...body, 'not_found', 'conflict'] },
	'POST /v1/jobs/:jobId/retry': {
		right: 'write',
		errors: [...store, ...body, 'not_found', 'conflict', 'credits_exhausted'],
	},

	'POST /v1/search': { right: 'read', errors: [...search, ...body] },
	'POST /v1/embeddings': { right: 'read', errors: [...embedder, ...body] },
	'GET /v1/models': { right: 'any', errors: [] },
	'GET /v1/models/:id': { right: 'any', errors: ['not_found'] },
	'POST /mcp': { right: 'read', errors: [...body] },

	'GET /v1/credits': { right: 'read', errors: store },
	'GET /v1/credits/all': { right: 'admin', errors: store },
	'PUT /v1/credits': { right: 'admin', errors: [...store, ...body, 'conflict'] },

	'GET /v1/sources': { right: 'read', errors: [] },
	'POST /v1/sources/:id/release': { right: 'write', errors: [...body, 'not_found'] },
	'GET /v1/sources/reports': { right: 'read', errors: [] },
	'PUT /v1/sources/:id/report': { right: 'write', errors: body },
	'POST /v1/audit': { right: 'write', errors: [...store, ...body, 'conflict'] },
	'GET /v1/audit': { right: 'read', errors: [...store, 'conflict'] },
	'DELETE /v1/audit': { right: 'write', errors: [...store, 'conflict'] },
	'POST /v1/backup': { right: 'admin', errors: body },
	'GET /v1/backup': { right: 'admin', errors: [] },
	'GET /v1/files/explain': { right: 'read', errors: [...store, 'not_found'] },
	'GET /v1/progress': { right: 'read', errors: store },
	'GET /v1/progress/tenants': { right: 'read', errors: store },
	'GET /v1/overview': { right: 'read', errors: store },
	'GET /v1/overview/events': { right: 'read', errors: store },
	'GET /v1/overview/history': { right: 'admin', errors: [] },
	'GET /v1/status': { right: 'admin', errors: store },
	'GET /v1/info': { right: 'any', errors: [] },
	'GET /metrics': { right: 'admin', errors: store },
	'GET /health/live': { right: 'any', errors: store },
	'GET /health/ready': { right: 'any', errors: [] },
} as const satisfies Readonly<Record<string, RouteRow>>;

export type RouteName = keyof typeof routeTable;

export const rowOf = (name: string): RouteRow | undefined =>
	Object.hasOwn(routeTable, name) ? routeTable[name as RouteName] : undefined;
