import type { ITriggerFunctions } from 'n8n-workflow';

type Context = Pick<ITriggerFunctions, 'getChildNodes' | 'getNode'>;
interface SubWorkflowOptions {
	readonly waitForSubWorkflow?: unknown;
}

/**
 * Nodes behind the trigger that hand its files to a sub-workflow and do not wait for its end, where no other node
 * publishes them: what goes wrong there is not heard of here, and the files count as delivered.
 */
export function unawaitedSubWorkflows(context: Context): string[] {
	const behind = context
		.getChildNodes(context.getNode().name, { includeNodeParameters: true })
		.filter(({ disabled }) => !disabled);
	if (behind.some(({ type }) => type.endsWith('.docDrop'))) return [];
	return behind
		.filter(({ type }) => type === 'n8n-nodes-base.executeWorkflow')
		.filter(({ parameters }) => {
			const options = (parameters?.['options'] ?? {}) as SubWorkflowOptions;
			return options.waitForSubWorkflow === false;
		})
		.map(({ name }) => name);
}
