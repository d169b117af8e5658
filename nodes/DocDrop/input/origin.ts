/**
 * The trigger's item that an item came from. Nodes that read, extract or ask somebody else give items of their own,
 * without the trigger's fields; n8n knows of each which one it was made of.
 */
import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { ItemFailure, nodeFault } from '../failing.ts';

/** What is used of n8n's `$('Node')`. */
type NodeInExpression = (name: string) => { readonly item?: { readonly json?: IDataObject } };

/** The item itself where it still has the trigger's fields: what needs no content goes around the nodes between. */
export function originOf(context: IExecuteFunctions, json: IDataObject, index: number): IDataObject {
	if ('docdrop' in json) return json;
	const triggers = context
		.getParentNodes(context.getNode().name)
		.filter(({ type, disabled }) => type.endsWith('.docDropTrigger') && !disabled);
	const failures: unknown[] = [];
	const ofNode = context.getWorkflowDataProxy(index)['$'] as NodeInExpression;
	for (const { name } of triggers) {
		try {
			const origin = ofNode(name).item?.json;
			if (origin !== undefined) return origin;
		} catch (error) {
			// It did not run in this execution, or a node between does not say what its items were made of.
			failures.push(error);
		}
	}
	throw new ItemFailure(triggers.length === 0 ? noTrigger : untraceable, failures[0]);
}

const noTrigger = nodeFault(
	'invalid',
	'the item does not come from a DocDrop Trigger: there is none before this node',
	'Connect a DocDrop Trigger before it, or set Source to "Text" or "Binary Field".',
	{ field: 'source', retryable: false },
);

const untraceable = nodeFault(
	'invalid',
	'n8n cannot tell from which item of the DocDrop Trigger this item was made: a node between does not keep the link',
	'Keep the field "docdrop" with the other fields of the trigger\'s item. In a Code node, give each item its pairedItem; behind nodes that join items, split them again before they are joined.',
	{ field: 'source', retryable: false },
);
