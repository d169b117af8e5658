/**
 * What n8n does with static data, around its own Workflow class: reads it once at an activation, saves it whole
 * at the activation and at each emit without waiting, where it was marked as changed, and takes the mark away when
 * that save ended. All writes go through one queue, as with SQLite, so that an execution begins after the save of
 * its emit. A kill loses what is queued.
 */
import { createRequire } from 'node:module';
import type * as n8nWorkflow from 'n8n-workflow';
import type { StaticData } from '../../../../nodes/watch/state/static-data.ts';

// Node cannot load the package's own ESM build.
const { Workflow } = createRequire(import.meta.url)('n8n-workflow') as typeof n8nWorkflow;
type WorkflowParameters = ConstructorParameters<typeof Workflow>[0];

export interface N8n {
	/** The workflow's row in n8n's database: the text of its static data. */
	column: string;
	activate(): ActiveWorkflow;
}

export interface ActiveWorkflow {
	readonly data: StaticData;
	/** The save of an activation or a deactivation. */
	save(): Promise<void>;
	/** Saves, then resolves when the execution begins; never, once the process was killed. */
	emit(): Promise<void>;
	kill(): void;
}

export function createN8n(): N8n {
	const n8n: N8n = {
		column: '{}',
		activate() {
			const workflow = new Workflow({
				...{ id: 'w1', nodes: [], connections: {}, active: true, nodeTypes: {} as never },
				staticData: JSON.parse(n8n.column) as NonNullable<WorkflowParameters['staticData']>,
			});
			const root = workflow.staticData as unknown as { __dataChanged: boolean };
			let isKilled = false;
			let queue = Promise.resolve();
			const written = (write: () => void): Promise<void> => {
				queue = queue.then(async () => {
					await new Promise((resolve) => setImmediate(resolve));
					if (isKilled) return new Promise<never>(() => {});
					write();
				});
				return queue;
			};
			const save = async () => {
				if (!root.__dataChanged) return;
				const text = JSON.stringify(workflow.staticData);
				await written(() => void (n8n.column = text));
				root.__dataChanged = false;
			};
			return {
				data: workflow.getStaticData('global'),
				save,
				emit() {
					void save();
					return written(() => {});
				},
				kill: () => void (isKilled = true),
			};
		},
	};
	return n8n;
}
