import { ExecutionLifecycleHooks } from 'n8n-core';
import {
	Workflow,
	type IExecuteFunctions,
	type IHttpRequestOptions,
	type INode,
	type INodeExecutionData,
	type INodeParameters,
	type INodeType,
	type IWorkflowBase,
	type IWorkflowExecuteAdditionalData,
} from 'n8n-workflow';
import { DocDrop } from '../../nodes/DocDrop/DocDrop.node.ts';
import { credentialsInMemory } from './n8n-credentials.ts';
import './n8n-instance.ts';

/** What n8n knows of one execution: the workflow trigger, action node, two nodes behind it; and its surroundings. */
export interface PreparedExecution {
	readonly workflow: Workflow;
	/** The action node, as n8n completed it. */
	readonly node: INode;
	readonly additionalData: IWorkflowExecuteAdditionalData;
	readonly hooks: ExecutionLifecycleHooks;
	/** Every request that was sent, in order. */
	readonly requests: readonly IHttpRequestOptions[];
}

export interface ExecutionOptions {
	readonly items?: readonly INodeExecutionData[];
	/** Of the action node; texts that begin with "=" are expressions. */
	readonly parameters?: Readonly<Record<string, unknown>>;
	/** Address of the API. */
	readonly baseUrl?: string;
	/** A function is asked whenever n8n asks for the credential. */
	readonly apiKey?: string | (() => string);
	readonly continueOnFail?: boolean;
	readonly executionId?: string;
	/** What else is set at the action node. */
	readonly node?: Partial<INode>;
	/** Gets n8n's own context just before the action node does, at each try. */
	readonly prepare?: (context: IExecuteFunctions) => void;
	/** What a node between trigger and action makes of the trigger's items; without it, they are directly connected. */
	readonly between?: (items: readonly INodeExecutionData[]) => INodeExecutionData[];
	/** Hears of each request before it is sent. */
	readonly onRequest?: (request: IHttpRequestOptions) => void;
}

export const names = {
	trigger: 'Trigger',
	between: 'Between',
	action: 'DocDrop',
	behind: 'Behind',
	behindErrors: 'Behind Errors',
} as const;

const types = {
	trigger: 'n8n-nodes-docdrop.docDropTrigger',
	between: 'test.between',
	action: 'n8n-nodes-docdrop.docDrop',
	behind: 'n8n-nodes-base.noOp',
};

export function actionNode({ parameters = {}, continueOnFail, node }: ExecutionOptions = {}): INode {
	return {
		id: '5f0c3a52-8d0d-4c6e-9d1a-3f1f2b7c9e10',
		name: names.action,
		type: types.action,
		typeVersion: 1,
		position: [200, 0],
		parameters: parameters as INodeParameters,
		credentials: { docDropApi: { id: 'credential', name: 'DocDrop API' } },
		...(continueOnFail === true && { onError: 'continueRegularOutput' as const }),
		...node,
	};
}

export function prepareExecution(options: ExecutionOptions = {}): PreparedExecution {
	const { baseUrl = 'http://127.0.0.1:8765', apiKey = '', executionId = '1', onRequest } = options;
	const requests: IHttpRequestOptions[] = [];
	const hooks = new ExecutionLifecycleHooks('trigger', executionId, {} as IWorkflowBase);
	const credentialsHelper = credentialsInMemory(
		() => ({ baseUrl, apiKey: typeof apiKey === 'function' ? apiKey() : apiKey }),
		(request) => {
			requests.push(request);
			onRequest?.(request);
		},
	);
	const place = (name: string, type: string, x: number, y = 0): INode => ({
		id: name,
		name,
		type,
		typeVersion: 1,
		position: [x, y],
		parameters: {},
	});
	const to = (node: string) => [{ node, type: 'main' as const, index: 0 }];
	const workflow = new Workflow({
		id: 'workflow',
		name: 'Workflow',
		active: true,
		nodes: [
			place(names.trigger, types.trigger, 0),
			...(options.between === undefined ? [] : [place(names.between, types.between, 100)]),
			actionNode(options),
			place(names.behind, types.behind, 400),
			place(names.behindErrors, types.behind, 400, 200),
		],
		connections: {
			[names.trigger]: { main: [to(options.between === undefined ? names.action : names.between)] },
			...(options.between !== undefined && { [names.between]: { main: [to(names.action)] } }),
			[names.action]: { main: [to(names.behind), to(names.behindErrors)] },
		},
		nodeTypes: nodeTypes(options),
		settings: { executionOrder: 'v1' },
	});
	const additionalData = {
		credentialsHelper,
		executionId,
		hooks,
		currentNodeExecutionIndex: 0,
		variables: {},
		// Expressions may name them.
		webhookWaitingBaseUrl: 'http://n8n.invalid/webhook-waiting',
		formWaitingBaseUrl: 'http://n8n.invalid/form-waiting',
		// The others are the surroundings of nodes that ours are not: sub-workflows, agents, webhooks.
	} as unknown as IWorkflowExecuteAdditionalData;
	return { workflow, node: nodeOf(workflow, names.action), additionalData, hooks, requests };
}

export function nodeOf(workflow: Workflow, name: string): INode {
	const node = workflow.getNode(name);
	if (node === null) throw new Error(`the workflow has no node ${name}`);
	return node;
}

function nodeTypes({ prepare, between }: ExecutionOptions) {
	const docDrop = new DocDrop();
	const action: INodeType = {
		description: docDrop.description,
		methods: docDrop.methods,
		async execute() {
			prepare?.(this);
			return docDrop.execute.call(this);
		},
	};
	const known: Readonly<Record<string, INodeType>> = {
		// As n8n derives it from a node that is usable as a tool.
		[`${types.action}Tool`]: {
			...action,
			description: { ...docDrop.description, name: `${docDrop.description.name}Tool` },
		},
		[types.trigger]: {
			description: { ...plain, name: 'trigger', displayName: 'Trigger', group: ['trigger'], inputs: [] },
			// Executions that a trigger began have its items already; only a manual one would call it.
			trigger: async () => ({}),
		},
		[types.between]: {
			description: { ...plain, name: 'between', displayName: 'Between', group: ['transform'] },
			async execute() {
				return [between?.(this.getInputData()) ?? []];
			},
		},
		[types.action]: action,
		[types.behind]: {
			description: { ...plain, name: 'noOp', displayName: 'No Operation', group: ['organization'] },
			async execute() {
				return [this.getInputData()];
			},
		},
	};
	const getByNameAndVersion = (type: string): INodeType => {
		const found = known[type];
		if (found === undefined) throw new Error(`there is no node type ${type}`);
		return found;
	};
	return { getByName: getByNameAndVersion, getByNameAndVersion, getKnownTypes: () => ({}) };
}

const plain = {
	version: 1,
	description: '',
	defaults: {},
	inputs: ['main' as const],
	outputs: ['main' as const],
	properties: [],
};
