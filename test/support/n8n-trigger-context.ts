import {
	NodeHelpers,
	type ExecutionStatus,
	type IDataObject,
	type IHttpRequestOptions,
	type INode,
	type INodeExecutionData,
	type INodeType,
	type IRun,
	type ITriggerFunctions,
	type ITriggerResponse,
	type NodeTypeAndVersion,
	type WorkflowActivateMode,
} from 'n8n-workflow';
import type { FileItem, SnapshotItem, TriggerItem } from '../../nodes/item.ts';

type DonePromise = Parameters<ITriggerFunctions['emit']>[2];

/** One execution that a trigger started. */
export interface Emitted {
	readonly items: readonly TriggerItem[];
	/** The files among the items. */
	readonly files: readonly FileItem[];
	readonly snapshot: SnapshotItem | null;
	/** n8n runs one execution a key, and skips the others. */
	readonly key: string | undefined;
	/** Whether static data was written in the turn of the emit: n8n saves it there, if it was written. */
	readonly isTouched: boolean;
	/** The static data at that time, as JSON. */
	readonly staticDataThen: string;
	/** Ends it, with what it failed by; `undefined` as n8n does for a repetition that it skips. */
	end(status: ExecutionStatus | undefined, error?: { message: string; context: IDataObject }): void;
	/** Ends it in success, with the items that a node gave: n8n tells of them in regular mode. */
	endWith(items: readonly IDataObject[]): void;
	/** Ends it as n8n does where it could not even begin, or was stopped. */
	reject(error: Error): void;
}

/**
 * What n8n gives to a trigger node, with n8n's own behaviour as its core was read: parameters that are not set
 * reject, `emit` may be replaced after `trigger` returned (manual mode), the done promise tells the end.
 */
export interface TriggerContextDouble {
	readonly context: ITriggerFunctions;
	readonly emitted: Emitted[];
	/** Ends each execution at once in this way; null: the test ends them. */
	auto: ExecutionStatus | null;
	readonly errors: Error[];
	readonly failedExecutions: Error[];
	readonly logged: string[];
	readonly staticData: IDataObject;
}

export interface TriggerContextOptions {
	readonly type: INodeType;
	readonly parameters: Readonly<Record<string, unknown>>;
	readonly staticData?: IDataObject;
	readonly activation?: WorkflowActivateMode;
	readonly mode?: 'trigger' | 'manual';
	readonly workflowId?: string;
	readonly nodeId?: string;
	readonly engineType?: 'v1' | 'v2';
	/** As the workflow's settings hold it: seconds, -1 for none. */
	readonly executionTimeout?: number;
	/** Types of the nodes behind the trigger; default: the action node. */
	readonly behind?: readonly (string | (Partial<NodeTypeAndVersion> & Pick<NodeTypeAndVersion, 'type'>))[];
	/** Requests go here, with the node's credential; absent: it has none. */
	readonly request?: (options: IHttpRequestOptions) => Promise<unknown>;
}

export function createTriggerContext(options: TriggerContextOptions): TriggerContextDouble {
	const { staticData = {} } = options;
	const node: INode = {
		id: options.nodeId ?? 'node-1',
		name: 'DocDrop Trigger',
		type: 'n8n-nodes-docdrop.docDropTrigger',
		typeVersion: 1,
		position: [0, 0],
		parameters: options.parameters as INode['parameters'],
		...(options.request !== undefined && { credentials: { docDropApi: { id: '1', name: 'API' } } }),
	};
	// As a Workflow is made: with the defaults of what is shown, and without what is not.
	const { description } = options.type;
	const parameters =
		NodeHelpers.getNodeParameters(description.properties, node.parameters, true, false, node, description) ??
		{};
	let isTouched = false;
	const log = (level: string) => (message: string) => void double.logged.push(`${level} ${message}`);
	const context = {
		logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
		getNodeParameter(name: string, fallback?: unknown) {
			const value = parameters[name] ?? fallback;
			if (value === undefined) throw new Error(`Could not get parameter "${name}"`);
			return value;
		},
		getNode: () => node,
		getChildNodes: () =>
			(options.behind ?? ['n8n-nodes-docdrop.docDrop'])
				.map((node) => (typeof node === 'string' ? { type: node } : node))
				.map((node) => ({ name: node.type, typeVersion: 1, disabled: false, ...node })),
		getWorkflow: () => ({ id: options.workflowId ?? 'workflow-1', name: 'Workflow', active: true }),
		getWorkflowSettings: () => ({
			...(options.engineType !== undefined && { engineType: options.engineType }),
			...(options.executionTimeout !== undefined && { executionTimeout: options.executionTimeout }),
		}),
		getWorkflowStaticData(type: string) {
			if (type !== 'global') throw new Error('the trigger keeps to the global static data');
			return new Proxy(staticData, {
				set(target, key, value) {
					isTouched = true;
					queueMicrotask(() => (isTouched = false));
					return Reflect.set(target, key, value);
				},
			});
		},
		getMode: () => options.mode ?? 'trigger',
		getExecutionId: () => undefined,
		getCredentials: async () => ({ baseUrl: 'http://127.0.0.1:1', apiKey: '' }),
		getActivationMode: () => options.activation ?? 'activate',
		emit(data: INodeExecutionData[][], _response?: unknown, done?: DonePromise, key?: string) {
			const items = (data[0] ?? []).map(({ json }) => structuredClone(json) as unknown as TriggerItem);
			const isSnapshot = (item: TriggerItem): item is SnapshotItem => item.event === 'snapshotComplete';
			const one: Emitted = {
				items,
				files: items.filter((item): item is FileItem => !isSnapshot(item)),
				snapshot: items.find(isSnapshot) ?? null,
				key,
				isTouched,
				staticDataThen: JSON.stringify(staticData),
				end: (status, error) =>
					done?.resolve(
						(status && { status, data: { resultData: { error, runData: {} } } }) as unknown as IRun,
					),
				endWith: (given) => {
					const main = [given.map((json) => ({ json }))];
					const runData = { DocDrop: [{ data: { main } }] };
					done?.resolve({ status: 'success', data: { resultData: { runData } } } as unknown as IRun);
				},
				reject: (error) => done?.reject(error),
			};
			double.emitted.push(one);
			if (double.auto !== null) one.end(double.auto);
		},
		emitError: (error: Error) => void double.errors.push(error),
		saveFailedExecution: (error: Error) => void double.failedExecutions.push(error),
		helpers: {
			httpRequestWithAuthentication: async (_name: string, asked: IHttpRequestOptions) =>
				options.request?.(asked),
			createDeferredPromise<T>() {
				const { promise, resolve, reject } = Promise.withResolvers<T>();
				return { promise, resolve, reject };
			},
		},
	};
	const double: TriggerContextDouble = {
		context: context as unknown as ITriggerFunctions,
		emitted: [],
		auto: 'success',
		errors: [],
		failedExecutions: [],
		logged: [],
		staticData,
	};
	return double;
}

/** A manual test as n8n runs it: one result, or null where it was stopped before there was one. */
export async function runManually(
	type: INodeType,
	double: TriggerContextDouble,
	stop?: AbortSignal,
): Promise<{ readonly items: readonly TriggerItem[] | null; readonly response: ITriggerResponse }> {
	const { context } = double;
	const response = (await type.trigger?.call(context)) ?? {};
	// n8n replaces emit only now: what a node emits before is lost.
	const result = new Promise<INodeExecutionData[][]>((resolve, reject) => {
		context.emit = (data) => resolve(data);
		context.emitError = reject;
		context.saveFailedExecution = reject;
	});
	stop?.addEventListener('abort', () => void response.closeFunction?.());
	await response.manualTriggerFunction?.();
	const [data] = await result;
	await response.closeFunction?.();
	return { items: data?.map(({ json }) => json as unknown as TriggerItem) ?? null, response };
}
