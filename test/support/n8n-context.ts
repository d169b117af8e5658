import { ExecuteContext, LoadOptionsContext, SupplyDataContext } from 'n8n-core';
import { createRunExecutionData, type IExecuteFunctions, type ILoadOptionsFunctions } from 'n8n-workflow';
import { prepareExecution, type ExecutionOptions } from './n8n-execution.ts';

/** n8n's own contexts without an execution around them, for what is tested below the node. */

export interface ContextOptions extends ExecutionOptions {
	/** Of the execution. */
	readonly signal?: AbortSignal;
}

/** What the action node gets where it stands in a workflow. */
export function createExecuteContext(options: ContextOptions = {}): IExecuteFunctions {
	const { before, data, executeData } = surroundings(options);
	return as<IExecuteFunctions>(new ExecuteContext(...before, data, executeData, [], options.signal));
}

/** What it gets where an AI agent calls it as a tool. */
export function createToolContext(options: ContextOptions = {}): IExecuteFunctions {
	const { before, data, executeData } = surroundings(options);
	const input = { ai_tool: data.main };
	return as<IExecuteFunctions>(
		new SupplyDataContext(...before, input, 'ai_tool', executeData, [], options.signal),
	);
}

/** What a list to choose from gets, while the panel shows the parameters. */
export function createListContext(options: ExecutionOptions): ILoadOptionsFunctions {
	const { workflow, node, additionalData } = prepareExecution(options);
	const surroundings = { ...additionalData, currentNodeParameters: node.parameters };
	return as<ILoadOptionsFunctions>(new LoadOptionsContext(workflow, node, surroundings, ''));
}

function surroundings(options: ExecutionOptions) {
	const { workflow, node, additionalData } = prepareExecution(options);
	const items = [...(options.items ?? [{ json: {} }])];
	const data = { main: [items] };
	const before = [workflow, node, additionalData, 'trigger', createRunExecutionData(), 0, items] as const;
	return { before, data, executeData: { node, data, source: null } };
}

/** n8n's classes and its interfaces differ where a field may be missing, by our stricter settings of TypeScript. */
const as = <T>(context: object) => context as unknown as T;
