/**
 * How the node ends when something went wrong. n8n's "continue on fail" also swallows what a node throws: it passes
 * the input on, and an execution with one more node behind ends in success. The trigger believes a success, so what
 * must be sent again has to end the execution. `insist` is the only place that reaches into n8n for that.
 */
import { NodeOperationError, type IDataObject, type IExecuteFunctions, type INode } from 'n8n-workflow';
import { isApiFailure, toNodeApiError, type Fault, type LocalCode } from './node-errors.ts';

/** The node as the user set it, by the execution data in which `insist` replaced it. */
const replaced = new WeakMap<object, INode>();

/**
 * Whether permanent errors become items. Restores what an earlier try of the same execution (n8n's "Retry on fail")
 * replaced.
 */
export function continuesOnFail(context: IExecuteFunctions): boolean {
	const data = context.getExecuteData();
	const original = replaced.get(data);
	if (original === undefined) return context.continueOnFail();
	data.node = original;
	replaced.delete(data);
	return original.onError === undefined
		? original.continueOnFail === true
		: original.onError !== 'stopWorkflow';
}

/** Makes what is thrown next fail the execution, whatever the node's settings say. A model that calls a tool is told. */
export function insist(context: IExecuteFunctions): void {
	if (context.isToolExecution()) return;
	const data = context.getExecuteData();
	if (data.node.rewireOutputLogTo !== undefined || replaced.has(data)) return;
	replaced.set(data, data.node);
	data.node = { ...data.node, onError: 'stopWorkflow', continueOnFail: false };
}

/** Thrown where one item cannot go on; caught where its result is written. */
export class ItemFailure extends Error {
	override readonly name = 'ItemFailure';
	readonly fault: Fault;

	constructor(fault: Fault, cause?: unknown) {
		super(fault.message, { cause });
		this.fault = fault;
	}
}

/** Found by the node itself, without the API. */
interface NodeFault extends Fault {
	readonly isOfNode: true;
}

export function nodeFault(
	code: LocalCode,
	message: string,
	hint: string,
	more: Pick<Fault, 'field' | 'retryable'> = { retryable: false },
): NodeFault {
	return { code, message, hint, ...more, isOfNode: true };
}

/** What is wrong with an item, from whatever was thrown for it. Throws what nobody expects. */
export function faultOf(error: unknown): Fault {
	if (isApiFailure(error)) return error;
	if (error instanceof ItemFailure) return error.fault;
	// n8n's own helpers and expressions, by name: they may come from another copy of n8n-workflow.
	const { name, message, description } = (error ?? {}) as Partial<Error> & { description?: unknown };
	if (name !== 'NodeOperationError' && name !== 'ExpressionError' && name !== 'UserError') throw error;
	const hint = typeof description === 'string' ? description : 'Correct the parameters of the node.';
	return nodeFault('invalid', message ?? name, hint);
}

/**
 * What n8n shows: a NodeApiError of what came from the API, or kept it from coming, else a NodeOperationError. `about`
 * is for the trigger, which hears of the error as n8n keeps it.
 */
export function toNodeError(
	context: IExecuteFunctions,
	fault: Fault,
	itemIndex?: number,
	about: IDataObject = {},
): Error {
	if (!('isOfNode' in fault)) {
		const error = toNodeApiError(context.getNode(), fault, itemIndex);
		Object.assign(error.context, about);
		return error;
	}
	const error = new NodeOperationError(context.getNode(), fault.message, {
		description: fault.hint,
		...(itemIndex !== undefined && { itemIndex }),
	});
	// n8n replaces messages in which it finds the name of an error of Node's.
	error.message = fault.message;
	// The trigger knows some of them by their code.
	Object.assign(error.context, { code: fault.code }, about);
	return error;
}

/** The same fault in other words; faults may be errors, whose text no spread copies. */
export function inOtherWords(fault: Fault, message: string, hint: string): Fault {
	const { code, field, retryable, requestId, status, jobId } = fault;
	const more = 'isOfNode' in fault ? { isOfNode: true } : {};
	return { code, message, hint, field, retryable, requestId, status, jobId, ...more };
}
