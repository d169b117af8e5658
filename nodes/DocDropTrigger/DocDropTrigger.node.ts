import { homedir } from 'node:os';
import {
	NodeConnectionTypes,
	type INodeType,
	type INodeTypeDescription,
	type ITriggerFunctions,
	type ITriggerResponse,
} from 'n8n-workflow';
import { testDocDropApi } from '../DocDrop/credential-test.ts';
import { systemClock } from '../watch/clock.ts';
import type { NewestTexts, StaticData } from '../watch/state/static-data.ts';
import { failedKeyOf, isByPerson, type FailedNodes } from './activation.ts';
import { createGuard, openRoots, type WatchedRoot } from './folder-access.ts';
import { properties } from './description.ts';
import { ownSourceId } from './file-state.ts';
import { searchFolders } from './folder-list.ts';
import { createNaming } from './naming.ts';
import { createOpenSources } from './open-sources.ts';
import { readSettings, type TriggerSettings } from './trigger-parameters.ts';
import { engineProblem } from './problems.ts';
import type { Machine } from './read-rules.ts';
import { asActivationError, asNodeError } from './report.ts';
import { takeSample } from './sample.ts';
import { isPublisher, peekSource, sourceNameOf } from './source-register.ts';
import { createWatching } from './watching.ts';

/** For the life of the process: n8n makes a new context at each activation. */
const newest: NewestTexts = new Map();
const epochs = new Map<string, string>();
const sources = createOpenSources();
const failed: FailedNodes = new Set();

/**
 * Watches folders and starts the workflow with what changed in them, in batches. What it does is in the modules
 * beside and in ../watch; here n8n's contract is met.
 */
export class DocDropTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'DocDrop Trigger',
		name: 'docDropTrigger',
		icon: { light: 'file:docdrop.svg', dark: 'file:docdrop.dark.svg' },
		group: ['trigger'],
		version: 1,
		// A workflow that was written by hand may hold the path alone.
		subtitle: '={{ $parameter["folder"].value ?? $parameter["folder"] }}',
		description:
			'Starts the workflow when files in a folder are created, changed, moved or deleted, and misses none; the DocDrop node publishes them to a search index and searches it',
		eventTriggerDescription:
			'No file in the folder matches yet: put one in, and it appears here. Which files match is set by File Types, Include and Exclude.',
		activationMessage: 'Your workflow will now start when files in the folder change.',
		waitingNodeTooltip: 'The folder has no matching file yet: put one in, and it appears here',
		triggerPanel: {
			header: 'See the newest file of the folder here',
			executionsHelp: {
				inactive:
					'<b>While you build the workflow</b>, click the button: the newest file that matches comes as a sample, at once. An empty folder waits for its first file. Nothing is noted, so that the file comes again later.<br /><br /><b>When you are done</b>, publish the workflow: from then on every change in the folder starts it, those made meanwhile included. These executions are in the <a data-key="executions">executions list</a>, not here.',
				active:
					'<b>While you build the workflow</b>, click the button: the newest file that matches comes as a sample, at once. Nothing is noted, and the published workflow is not disturbed.<br /><br /><b>The published workflow</b> is started by every change in the folder. These executions are in the <a data-key="executions">executions list</a>, not here.',
			},
			activationHint:
				'When you are done, publish the workflow: from then on every change in the folder starts it.',
		},
		defaults: { name: 'DocDrop Trigger' },
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		// It watches without one. With one, the API is told how the folder is.
		credentials: [{ name: 'docDropApi', required: false, testedBy: 'testDocDropApi' }],
		properties,
	};

	methods = { credentialTest: { testDocDropApi }, listSearch: { searchFolders } };

	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		const machine: Machine = { env: process.env, home: homedir() };
		try {
			const settings = readSettings((name) => this.getNodeParameter(name, null));
			const roots = await openRoots(settings.folders, settings.watch, machine);
			if (this.getMode() === 'manual') return test(this, settings, roots, machine);
			if (this.getWorkflowSettings().engineType === 'v2') throw engineProblem();
			const data = this.getWorkflowStaticData('global') as StaticData;
			const watching = createWatching({
				...{ context: this, settings, roots, machine, clock: systemClock, newest, epochs, sources },
				isByPerson: isByPerson(this, data, failed),
				onFailed: () => void failed.add(failedKeyOf(this)),
			});
			await watching.start();
			failed.delete(failedKeyOf(this));
			return { closeFunction: () => watching.close() };
		} catch (error) {
			// The panel shows the description beside the message.
			throw this.getMode() === 'manual' ? asNodeError(this, error) : asActivationError(this, error);
		}
	}
}

/** A manual test: one item, now or when the first file comes. */
function test(
	context: ITriggerFunctions,
	settings: TriggerSettings,
	roots: readonly WatchedRoot[],
	machine: Machine,
): ITriggerResponse {
	const closing = new AbortController();
	const ids = { workflowId: String(context.getWorkflow().id), nodeId: context.getNode().id };
	const ownId = ownSourceId(ids.workflowId, ids.nodeId);
	const data = context.getWorkflowStaticData('global');
	const naming = createNaming(settings.naming, roots.length > 1);
	const place = { ...ids, ...machine, data };
	const { sourceId, isAdopted, epoch } = peekSource(place, {
		...{ roots, naming, settings },
		isPublisher: isPublisher(context),
	});
	return {
		closeFunction: async () => closing.abort(),
		async manualTriggerFunction() {
			const item = await takeSample({
				...{ settings, roots, naming, sourceId, clock: systemClock },
				sourceName: sourceNameOf(context.getWorkflow().name),
				guard: createGuard(roots, settings.watch.followLinks, machine),
				epoch: isAdopted ? null : (epochs.get(ownId) ?? epoch),
				onWaiting: () =>
					context.logger.info('DocDrop Trigger: no file matches yet; waiting for the first one'),
				signal: closing.signal,
			}).catch((error: unknown) => {
				throw asNodeError(context, error);
			});
			// Without an item the run ends where it waits.
			context.emit(item === null ? [] : [[{ json: { ...item } }]]);
		},
	};
}
