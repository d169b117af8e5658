import { WorkflowExecute } from 'n8n-core';
import {
	createRunExecutionData,
	type ExecutionStatus,
	type IHttpRequestOptions,
	type INode,
	type INodeExecutionData,
	type NodeExecutionHint,
	type IRun,
} from 'n8n-workflow';
import { names, nodeOf, prepareExecution, type ExecutionOptions } from './n8n-execution.ts';

/** A whole execution by n8n's own engine, as a trigger begins one, and what became of it. */
export interface Execution {
	readonly run: IRun;
	/** How n8n says that it ended, in order; of one that was canceled at once, before its nodes have ended. */
	readonly ends: readonly ExecutionStatus[];
	/** What ended the execution, as n8n keeps it. */
	readonly error: Error | undefined;
	/** Of the action node. */
	readonly output: readonly INodeExecutionData[];
	readonly errorOutput: readonly INodeExecutionData[];
	/** What the editor shows above its output. */
	readonly hints: readonly NodeExecutionHint[];
	/** What came to the nodes behind; null where one never ran. */
	readonly behind: readonly INodeExecutionData[] | null;
	readonly behindErrors: readonly INodeExecutionData[] | null;
	/** Every request that was sent, in order. */
	readonly requests: readonly IHttpRequestOptions[];
	/** The node at which the execution ended in an error, with the settings by which n8n decided that. */
	readonly failedNode: INode | undefined;
}

export interface RunOptions extends ExecutionOptions {
	/** Cancels the execution, as a person does. */
	readonly signal?: AbortSignal;
	/** Default: a trigger started it, and waits for its end. */
	readonly mode?: 'trigger' | 'integrated' | 'retry';
}

export async function runWorkflow(options: RunOptions): Promise<Execution> {
	const { workflow, additionalData, hooks, requests } = prepareExecution(options);
	const ends: ExecutionStatus[] = [];
	hooks.addHandler('workflowExecuteAfter', ({ status }) => void ends.push(status));
	const node = nodeOf(workflow, names.trigger);
	const data = { main: [[...(options.items ?? [{ json: {} }])]] };
	const engine = new WorkflowExecute(
		additionalData,
		options.mode ?? 'trigger',
		createRunExecutionData({ executionData: { nodeExecutionStack: [{ node, data, source: null }] } }),
	);
	const execution = engine.processRunExecutionData(workflow);
	const cancel = () => execution.cancel();
	options.signal?.addEventListener('abort', cancel, { once: true });
	const run = await execution.finally(() => options.signal?.removeEventListener('abort', cancel));

	const { resultData, executionData } = run.data;
	const last = (name: string) => resultData.runData[name]?.at(-1)?.data?.['main'];
	const [output, errorOutput] = last(names.action) ?? [];
	return {
		run,
		ends,
		// n8n keeps the fields of what was thrown, and no Error.
		error: resultData.error && Object.assign(new Error(resultData.error.message), resultData.error),
		output: output ?? [],
		errorOutput: errorOutput ?? [],
		hints: resultData.runData[names.action]?.at(-1)?.hints ?? [],
		behind: last(names.behind)?.[0] ?? null,
		behindErrors: last(names.behindErrors)?.[0] ?? null,
		requests,
		failedNode: resultData.error && executionData?.nodeExecutionStack[0]?.node,
	};
}
