import type { AuditReport, AuditStatus } from '../contract/audit-schema.ts';
import type { BackupStatus } from '../contract/backup-schema.ts';
import type { ReportedFolders, ToldFile } from '../contract/folder-report-schema.ts';
import type { DocumentView, Receipt } from '../contract/document-schema.ts';
import type { FilteredResponse } from '../contract/filtered-schema.ts';
import type { PreviewResponse } from '../contract/preview-schema.ts';
import type { SearchRequest, SearchResponse } from '../contract/search-schema.ts';
import type { Config } from '../config/index.ts';
import { askProcess } from './ask-process.ts';
import { hasData, readNote, type ServerNote } from '../data-folder.ts';
import { DocDropError, fromErrorBody, isDocDropError } from '../errors.ts';

/** The way from a command to the index: over HTTP to the process that runs, or through an app of its own. */
export interface Client {
	/** The address of the process that answered; null where the store was opened here. */
	readonly where: string | null;
	search(request: SearchRequest): Promise<SearchResponse>;
	/** What publishing the bytes under that name would give; nothing changes. `path`: where a followed folder has them. */
	preview(
		document: { readonly tenant: string; readonly docId: string; readonly path?: string },
		bytes: Uint8Array,
	): Promise<PreviewResponse>;
	/** A page of documents by their names, those that are like the filter. */
	documents(query: DocumentsQuery): Promise<DocumentsPage>;
	/** Changes the metadata of one document, or deletes it (null). */
	change(name: DocumentName, metadata: object | null, takeOver: boolean): Promise<Receipt>;
	/** One request: documents behind `after` ('': from the first). */
	changeByFilter(asked: Asked, after: string): Promise<FilteredResponse>;
	status(): Promise<Status>;
	explain(tenant: string, docId: string): Promise<Explained>;
	/** What workflows told of their folders. */
	reports(): Promise<readonly ReportedFolders[]>;
	/** Lets a source's held deletions go; resolves with their number. */
	release(sourceId: string): Promise<number>;
	/** Begins one of a tenant, or (null) of all, or answers the one that is under way. */
	beginAudit(tenant: string | null, repair: boolean): Promise<AuditReport>;
	audit(tenant: string | null): Promise<AuditStatus>;
	/** False: none was under way. */
	stopAudit(tenant: string | null): Promise<boolean>;
	/** Begins one, or answers the one that runs. */
	beginBackup(): Promise<BackupStatus>;
	backup(): Promise<BackupStatus>;
	close(): Promise<void>;
}

export interface DocumentName {
	readonly tenant: string;
	readonly docId: string;
}

/** One change of all documents that are like a filter. */
export interface Asked {
	readonly tenant: string;
	readonly filter: Record<string, unknown>;
	/** Null: delete them. */
	readonly metadata: Record<string, unknown> | null;
	readonly dryRun: boolean;
	readonly takeOver: boolean;
}

export interface DocumentsQuery {
	readonly tenant: string;
	readonly filter: object | undefined;
	readonly limit: number;
}

export interface DocumentsPage {
	readonly documents: readonly DocumentView[];
	readonly next: string | null;
}

export interface Status {
	readonly documents: number;
	readonly chunks: number;
	readonly pending: number;
	readonly inWork: number;
	readonly failed: number;
	readonly refused: {
		readonly count: number;
		readonly newest: {
			readonly tenant: string;
			readonly docId: string;
			readonly error: { readonly code: string; readonly message: string } | null;
		} | null;
	};
	readonly oldestPendingSeconds: number;
	readonly index: {
		readonly kind: string;
		readonly breaker: string;
		/** Null where this process does not look. */
		readonly audit: AuditStatus | null;
	};
	readonly embedder: {
		readonly model: string;
		readonly breaker: string;
		readonly fault: { readonly code: string; readonly message: string } | null;
	};
	readonly folders: readonly FolderStatus[];
	/** What workflows of n8n told of theirs. */
	readonly reports: readonly ReportedFolders[];
}

export type { ReportedFolders, ToldFile };

/** What both who follow a folder say of it. */
export interface FolderRoot extends Omit<ReportedFolders['roots'][number], 'isDelivered'> {
	/** Set digests, where the engine is at hand; else what a workflow says of them. */
	readonly digest?: string;
	readonly deliveredDigest?: string;
	readonly isDelivered?: boolean;
}

export interface FolderStatus {
	readonly tenant: string;
	readonly sourceId: string;
	readonly snapshot: { readonly closed: boolean; readonly held: number };
	readonly roots: readonly FolderRoot[];
	readonly delivery: ReportedFolders['delivery'];
}

export interface Explained {
	/** What the watch engine knows, or a workflow told; null where no folder is followed. */
	readonly file: {
		readonly phase: string | null;
		/** ISO 8601, where it waits. */
		readonly since?: string | null;
		readonly excluded: string | null;
		readonly row: Record<string, unknown> | null;
		readonly told?: ToldFile;
	} | null;
	/** Null where the document is not known. */
	readonly document: Record<string, unknown> | null;
	readonly jobs: readonly ExplainedJob[];
}

export interface ExplainedJob {
	readonly jobId: string;
	readonly op: string;
	readonly state: string;
	readonly acceptedAt: string;
	readonly updatedAt: string;
	readonly attempts: number;
	readonly supersededBy: string | null;
	readonly error: { readonly code: string; readonly message: string } | null;
	readonly detail: Record<string, unknown> | null;
}

type Ask = (
	method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
	path: string,
	body?: object,
	signal?: AbortSignal,
) => Promise<unknown>;

/** Where the process that serves the data folder answers, and how it is asked; null where none does. */
export async function findRunning(
	config: Config,
): Promise<{ readonly url: string; readonly ask: Ask } | null> {
	const note = readNote(config);
	if (note === null || !(await isAlive(note, config.tlsCert))) return null;
	const keys = config.apiKeys;
	const { key } =
		keys.find(({ tenant }) => tenant === null) ?? keys.find(({ tenant }) => tenant === config.tenant) ?? {};
	return { url: note.url, ask: overHttp(note.url, key, config.tlsCert) };
}

export async function createClient(config: Config): Promise<Client> {
	const running = await findRunning(config);
	if (running !== null) return clientOver(running.ask, running.url, async () => {});
	if (!hasData(config)) {
		throw new DocDropError(
			'config_invalid',
			`DOCDROP_DATA_DIR must be a data folder, and there is none at ${JSON.stringify(config.dataDir)}`,
			{
				field: 'DOCDROP_DATA_DIR',
				hint: 'Begin with docdrop watch or docdrop serve, or name the folder that they were given.',
			},
		);
	}
	// No process answers: the same routes, without a socket. Nothing is worked on meanwhile. Loaded only here,
	// because it takes longer than all else that a command does.
	const [{ createApp }, { createLogger }] = await Promise.all([import('../app.ts'), import('../server.ts')]);
	const app = await createApp(
		{ ...config, workers: 0, apiKeys: [], keyring: '', tlsCert: '', tlsKey: '' },
		createLogger({ ...config, logLevel: 'error' }),
	);
	const inject: Ask = async (method, url, body) => {
		const answer = await app.http.inject({
			method,
			url,
			headers: { host: 'localhost' },
			...(body && { payload: body }),
		});
		return check(answer.statusCode, answer.json());
	};
	return clientOver(inject, null, () => app.close(0));
}

/** A note outlives a crash, and its address may be another process's by now, with another folder: both must fit. */
export async function isAlive({ pid, url }: ServerNote, tlsCert: string): Promise<boolean> {
	try {
		process.kill(pid, 0);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
	}
	try {
		const asked = { method: 'GET', headers: {}, signal: AbortSignal.timeout(2_000) } as const;
		return (await askProcess(`${url}/health/live`, asked, tlsCert)).status === 200;
	} catch (error) {
		if (isDocDropError(error)) throw error;
		return false;
	}
}

function overHttp(url: string, key: string | undefined, tlsCert: string): Ask {
	return async (method, path, body, signal) => {
		const late = AbortSignal.timeout(60_000);
		const asked = {
			method,
			headers: {
				...(body !== undefined && { 'content-type': 'application/json' }),
				...(key !== undefined && { authorization: `Bearer ${key}` }),
			},
			...(body !== undefined && { body: JSON.stringify(body) }),
			signal: signal === undefined ? late : AbortSignal.any([late, signal]),
		};
		const answer = await askProcess(url + path, asked, tlsCert).catch((error: unknown) => {
			throw new DocDropError('store_unavailable', `the process at ${url} did not answer`, { cause: error });
		});
		return check(answer.status, JSON.parse(answer.text));
	};
}

function check(status: number, body: unknown): unknown {
	if (status < 400) return body;
	throw fromErrorBody(body);
}

function clientOver(ask: Ask, where: string | null, close: () => Promise<void>): Client {
	return {
		where,
		search: (request) => ask('POST', '/v1/search', request) as Promise<SearchResponse>,
		preview(document, bytes) {
			const content = { base64: Buffer.from(bytes).toString('base64') };
			return ask('POST', '/v1/preview', { ...document, content }) as Promise<PreviewResponse>;
		},
		documents({ tenant, filter, limit }) {
			const like = filter === undefined ? {} : { filter: JSON.stringify(filter) };
			const query = new URLSearchParams({ tenant, limit: String(limit), ...like }).toString();
			return ask('GET', `/v1/documents?${query}`) as Promise<DocumentsPage>;
		},
		change({ tenant, docId }, metadata, takeOver) {
			const body = { tenant, docId, ...(takeOver && { takeOver }), coalesced: true };
			if (metadata !== null) return ask('PATCH', '/v1/documents', { ...body, metadata }) as Promise<Receipt>;
			const query = new URLSearchParams({
				tenant,
				docId,
				coalesced: 'true',
				...(takeOver && { takeOver: 'true' }),
			});
			return ask('DELETE', `/v1/documents?${query.toString()}`) as Promise<Receipt>;
		},
		changeByFilter({ metadata, ...asked }, after) {
			const way = metadata === null ? 'delete' : 'patch';
			const body = { ...asked, ...(metadata !== null && { metadata }), ...(after !== '' && { after }) };
			return ask('POST', `/v1/documents/${way}`, body) as Promise<FilteredResponse>;
		},
		status: () => ask('GET', '/v1/status') as Promise<Status>,
		async explain(tenant, docId) {
			const query = new URLSearchParams({ tenant, docId }).toString();
			const file = await ask('GET', `/v1/files/explain?${query}`).catch(unlessUnknown);
			const history = await ask('GET', `/v1/documents/history?${query}`).catch(unlessUnknown);
			const { document = null, jobs = [] } = (history ?? {}) as Partial<Explained>;
			return { file: file as Explained['file'], document, jobs };
		},
		async reports() {
			const answer = await ask('GET', '/v1/sources/reports').catch(unlessUnknown);
			return ((answer ?? { reports: [] }) as { reports: ReportedFolders[] }).reports;
		},
		async release(sourceId) {
			const path = `/v1/sources/${encodeURIComponent(sourceId)}/release`;
			return ((await ask('POST', path)) as { released: number }).released;
		},
		beginAudit: (tenant, repair) =>
			ask('POST', '/v1/audit', { ...(tenant !== null && { tenant }), repair }) as Promise<AuditReport>,
		audit: (tenant) => ask('GET', auditPath(tenant)) as Promise<AuditStatus>,
		beginBackup: () => ask('POST', '/v1/backup', {}) as Promise<BackupStatus>,
		backup: () => ask('GET', '/v1/backup') as Promise<BackupStatus>,
		stopAudit: async (tenant) => ((await ask('DELETE', auditPath(tenant))) as { stopped: boolean }).stopped,
		close,
	};
}

const auditPath = (tenant: string | null): string =>
	tenant === null ? '/v1/audit' : `/v1/audit?${new URLSearchParams({ tenant }).toString()}`;

function unlessUnknown(error: unknown): null {
	if (isDocDropError(error) && error.code === 'not_found') return null;
	throw error;
}
