import { realpath } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { Readable } from 'node:stream';
import {
	NodeApiError,
	NodeOperationError,
	type IBinaryData,
	type ICredentialDataDecryptedObject,
	type IDataObject,
	type IExecuteFunctions,
	type IHttpRequestOptions,
	type INode,
	type INodeExecutionData,
} from 'n8n-workflow';
import { DocDropApi } from '../../credentials/DocDropApi.credentials.ts';
import { sendAsN8n } from './n8n-http.ts';

/**
 * What n8n gives to a node that runs: as much of IExecuteFunctions as our action node uses, with n8n's own behaviour
 * (its core was read for each) over real HTTP and real files.
 */
export interface N8nContext {
	readonly context: IExecuteFunctions;
	/** Every request that was sent, in order. */
	readonly requests: readonly IHttpRequestOptions[];
	/** Everything that was logged. */
	readonly logged: readonly string[];
	/** Stores bytes as n8n does in its file mode: under an id. */
	addBinary(bytes: Uint8Array, more?: { fileName?: string; mimeType?: string }): IBinaryData;
}

export interface N8nContextOptions {
	readonly items?: readonly INodeExecutionData[];
	/** By name or path; a function stands for an expression and gets the item's index. */
	readonly parameters?: Readonly<Record<string, unknown>>;
	/** Address of the API. */
	readonly baseUrl?: string;
	readonly apiKey?: string;
	readonly continueOnFail?: boolean;
	/** Cancels the execution. */
	readonly signal?: AbortSignal;
	/** As N8N_RESTRICT_FILE_ACCESS_TO names them; default: everything may be read. */
	readonly folders?: readonly string[];
	readonly executionId?: string;
	/** An AI agent calls the node. */
	readonly isTool?: boolean;
	readonly node?: Partial<INode>;
}

export function createN8nContext(options: N8nContextOptions = {}): N8nContext {
	const { parameters = {}, folders, signal } = options;
	const items: readonly INodeExecutionData[] = options.items ?? [{ json: {} }];
	const credentials: ICredentialDataDecryptedObject = {
		baseUrl: options.baseUrl ?? 'http://127.0.0.1:8765',
		apiKey: options.apiKey ?? '',
	};
	const node: INode = {
		id: '5f0c3a52-8d0d-4c6e-9d1a-3f1f2b7c9e10',
		name: 'DocDrop',
		type: 'n8n-nodes-docdrop.docDrop',
		typeVersion: 1,
		position: [0, 0],
		parameters: Object.fromEntries(
			Object.entries(parameters).map(([name, value]) => [
				name,
				typeof value === 'function' ? '={{ $json }}' : value,
			]),
		) as INode['parameters'],
		...(options.continueOnFail === true && { onError: 'continueRegularOutput' as const }),
		...options.node,
	};
	const requests: IHttpRequestOptions[] = [];
	const logged: string[] = [];
	const binaries = new Map<string, { bytes: Uint8Array; fileName?: string; mimeType?: string }>();
	const executeData = { node, data: { main: [[...items]] }, source: null };
	const log = (level: string) => (message: string) => void logged.push(`${level} ${message}`);

	function addBinary(bytes: Uint8Array, more: { fileName?: string; mimeType?: string } = {}): IBinaryData {
		const id = `filesystem-v2:${binaries.size}`;
		binaries.set(id, { bytes, ...more });
		return {
			data: 'filesystem-v2',
			id,
			mimeType: more.mimeType ?? 'application/octet-stream',
			...(more.fileName !== undefined && { fileName: more.fileName }),
			bytes: bytes.length,
		};
	}

	function stored(id: string) {
		const binary = binaries.get(id);
		if (binary === undefined) throw new Error('Error finding the binary data of this execution');
		return binary;
	}

	function assertBinaryData(itemIndex: number, name: string | IBinaryData): IBinaryData {
		if (typeof name !== 'string') return name;
		const found = items[itemIndex]?.binary?.[name];
		if (found !== undefined) return found;
		throw new NodeOperationError(node, `The item has no binary field '${name}' [item ${itemIndex}]`, {
			itemIndex,
		});
	}

	async function toBuffer(data: Buffer | Readable): Promise<Buffer> {
		return Buffer.isBuffer(data) ? data : Buffer.concat((await data.toArray()) as Uint8Array[]);
	}

	async function resolvePath(path: string): Promise<string> {
		try {
			return await realpath(path);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
			return join(await realpath(dirname(path)), basename(path));
		}
	}

	const isFilePathBlocked = (path: string) =>
		folders !== undefined && !folders.some((folder) => path === folder || path.startsWith(folder + sep));

	async function httpRequestWithAuthentication(
		this: IExecuteFunctions,
		type: string,
		request: IHttpRequestOptions,
	): Promise<unknown> {
		// n8n replaces the signal of the caller by that of the execution.
		const cancelled = this.getExecutionCancelSignal();
		if (cancelled === undefined) delete request.abortSignal;
		else request.abortSignal = cancelled;
		try {
			const data = await this.getCredentials(type);
			const authenticated = await new DocDropApi().authenticate(data, request);
			requests.push(authenticated);
			return await sendAsN8n(authenticated);
		} catch (error) {
			throw new NodeApiError(node, error as never);
		}
	}

	const context = {
		logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
		getInputData: () => [...items],
		getNodeParameter(name: string, itemIndex: number, fallback?: unknown, how?: { extractValue?: boolean }) {
			const found = at(parameters, name) ?? fallback;
			if (found === undefined) throw new Error(`Could not get parameter "${name}"`);
			const value: unknown = typeof found === 'function' ? found(itemIndex) : found;
			return how?.extractValue === true && isLocator(value) ? value.value : value;
		},
		getNode: () => node,
		getWorkflow: () => ({ id: 'workflow', name: 'Workflow', active: true }),
		getMode: () => 'trigger',
		getExecutionId: () => options.executionId ?? '1',
		getExecutionCancelSignal: () => signal,
		onExecutionCancellation: (handler: () => unknown) =>
			signal?.addEventListener('abort', () => void handler(), { once: true }),
		getExecuteData: () => executeData,
		continueOnFail: () =>
			node.onError === undefined ? node.continueOnFail === true : node.onError !== 'stopWorkflow',
		isToolExecution: () => options.isTool === true,
		getCredentials: async () => ({ ...credentials }),
		addExecutionHints: () => {},
		setMetadata: () => {},
		helpers: {
			httpRequestWithAuthentication,
			returnJsonArray: (data: IDataObject | IDataObject[]) => [data].flat().map((json) => ({ json })),
			constructExecutionMetaData: (data: INodeExecutionData[], { itemData }: { itemData: unknown }) =>
				data.map(({ json, ...rest }) => ({ ...rest, json, pairedItem: itemData })),
			assertBinaryData,
			async getBinaryDataBuffer(itemIndex: number, name: string | IBinaryData) {
				const { id, data } = assertBinaryData(itemIndex, name);
				return id === undefined ? Buffer.from(data, 'base64') : Buffer.from(stored(id).bytes);
			},
			getBinaryStream: async (id: string) => Readable.from(pieces(stored(id).bytes), { objectMode: false }),
			async getBinaryMetadata(id: string) {
				const { bytes, ...rest } = stored(id);
				return { ...rest, fileSize: bytes.length };
			},
			async prepareBinaryData(data: Buffer | Readable, fileName?: string, mimeType?: string) {
				const more = {
					...(fileName !== undefined && { fileName }),
					...(mimeType !== undefined && { mimeType }),
				};
				return addBinary(await toBuffer(data), more);
			},
			resolvePath,
			isFilePathBlocked,
			async createReadStream(path: string) {
				if (isFilePathBlocked(path)) throw new NodeOperationError(node, 'Access to the file is not allowed.');
				const stream = createReadStream(path);
				await new Promise((resolve, reject) => stream.once('open', resolve).once('error', reject));
				return stream;
			},
		},
	};
	return { context: context as unknown as IExecuteFunctions, requests, logged, addBinary };
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
	for (let start = 0; start < bytes.length; start += 65_536) yield bytes.subarray(start, start + 65_536);
}

/** `options.title` is a field of `options`, or a name of its own. */
function at(values: Readonly<Record<string, unknown>>, path: string): unknown {
	if (path in values) return values[path];
	return path
		.split('.')
		.reduce<unknown>((found, name) => (found as Record<string, unknown> | undefined)?.[name], values);
}

function isLocator(value: unknown): value is { value: unknown } {
	return typeof value === 'object' && value !== null && '__rl' in value;
}
