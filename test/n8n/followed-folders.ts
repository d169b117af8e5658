import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inGroups } from '../support/trigger-options.ts';
import { createRig, tenant, type Rig } from './rig.ts';
import {
	activate,
	chain,
	createCredential,
	createWorkflow,
	deactivate,
	executions,
	type Execution,
	type WorkflowNode,
} from './workflows.ts';

export const nodeOf = (
	type: string,
	typeVersion: number,
	parameters: object,
	more: Partial<WorkflowNode> & object = {},
): WorkflowNode => ({
	id: randomUUID(),
	name: type.replace(/.*\./, ''),
	type,
	typeVersion,
	position: [0, 0],
	parameters: { ...parameters },
	...more,
});

export const triggerOf = (folder: string, options: object = {}): WorkflowNode =>
	nodeOf(
		'n8n-nodes-docdrop.docDropTrigger',
		1,
		{
			folder: { __rl: true, mode: 'path', value: folder },
			tenantFrom: 'fixed',
			tenant,
			...inGroups({ ...options }),
		},
		{ name: 'Trigger' },
	);

/** One n8n and one API for the tests of the describe it is called in: one workflow and one folder a test. */
export function followedFolders() {
	let rig: Rig;
	let credential: { id: string; name: string };
	let workflowId = '';
	before(async () => {
		rig = await createRig();
		credential = await createCredential(rig.n8n, rig.api.url);
	});
	afterEach(() => deactivate(rig.n8n, workflowId));
	after(() => rig.close());

	async function until<T>(what: string, ask: () => Promise<T | false | undefined>, seconds = 60): Promise<T> {
		const end = Date.now() + seconds * 1000;
		for (;;) {
			const found = await ask();
			if (found !== false && found !== undefined) return found;
			if (Date.now() > end) assert.fail(`${what}: not within ${seconds} s\n${rig.n8n.log().slice(-2000)}`);
			await sleep(100);
		}
	}
	const folderOf = (name: string) => {
		mkdirSync(join(rig.inbox, name), { recursive: true });
		return join(rig.inbox, name);
	};

	return {
		rig: () => rig,
		workflowId: () => workflowId,
		until,
		folderOf,
		/** A workflow of the trigger, and what comes behind it, on a folder of its own whose documents begin with its name. */
		async follow(name: string, behind: readonly WorkflowNode[], options: object = {}): Promise<void> {
			const trigger = triggerOf(folderOf(name), { documentId: `${name}/{relPath}`, ...options });
			workflowId = await createWorkflow(rig.n8n, { name, ...chain(trigger, ...behind) });
			await activate(rig.n8n, workflowId);
		},
		/** A workflow that is not activated yet. */
		async create(name: string, ...nodes: readonly WorkflowNode[]): Promise<string> {
			workflowId = await createWorkflow(rig.n8n, { name, ...chain(...nodes) });
			return workflowId;
		},
		publish: (more: object = {}, parameters: object = {}) =>
			nodeOf(
				'n8n-nodes-docdrop.docDrop',
				1,
				{ resource: 'batch', operation: 'publishMany', ...parameters },
				{ credentials: { docDropApi: credential }, ...more },
			),
		write: (name: string, content: string | Uint8Array = name) =>
			writeFileSync(join(rig.inbox, name), content),
		published: (docId: string) =>
			until(
				`${docId} is published`,
				async () => (await rig.api.documents()).get(docId)?.state === 'published',
			),
		ended: (status: Execution['status'], count = 1) =>
			until(`${count} executions with ${status}`, async () => {
				const found = (await executions(rig.n8n, workflowId)).filter((one) => one.status === status);
				return found.length >= count && found;
			}),
	};
}
