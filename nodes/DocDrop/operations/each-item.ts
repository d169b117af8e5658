/** One item after the other, each with its own result or its own error. For whatever is not one change an item. */
import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import type { Fault } from '../node-errors.ts';
import { faultOf, toNodeError } from '../failing.ts';
import type { ErrorPlace, ItemError } from '../output-items.ts';
import type { Session } from '../session.ts';

/**
 * `run` gives what the item becomes: one object, or several; what it has told of the item goes into its error as well.
 * `mayPass`: faults that "continue on fail" passes over.
 */
export async function eachItem(
	session: Session,
	run: (item: number, tell: (about: ErrorPlace) => void) => Promise<object | readonly object[]>,
	mayPass: (fault: Fault) => boolean = () => true,
): Promise<INodeExecutionData[]> {
	const output: INodeExecutionData[] = [];
	for (const item of session.items.keys()) {
		session.signal?.throwIfAborted();
		let about: ErrorPlace = {};
		const tell = (known: ErrorPlace) => void (about = known);
		try {
			output.push(...toItems(await run(item, tell), item));
		} catch (error) {
			session.signal?.throwIfAborted();
			const fault = faultOf(error);
			if (!session.continues || !mayPass(fault)) throw toNodeError(session.context, fault, item);
			output.push(errorItem(fault, item, about));
		}
	}
	return output;
}

function toItems(found: object | readonly object[], item: number): INodeExecutionData[] {
	const all = Array.isArray(found) ? (found as readonly object[]) : [found];
	return all.map((json) => ({ json: json as IDataObject, pairedItem: { item } }));
}

/** `error` is the only field: n8n tells by it what goes to the error output. */
export function errorItem(fault: Fault, item: number, about: ErrorPlace = {}): INodeExecutionData {
	const { code, message, hint, retryable, field, requestId, jobId } = fault;
	const error: ItemError = {
		code,
		message,
		hint,
		retryable,
		...(typeof field === 'string' && { field }),
		...(typeof requestId === 'string' && { requestId }),
		...(typeof jobId === 'string' && { jobId }),
		...about,
	};
	return { json: { error: { ...error } }, pairedItem: { item } };
}
