/**
 * Whether a person has activated a trigger node just now, or n8n by itself. n8n says it of a start and of another main
 * process that takes over, but not of a trigger that it puts back: after a failure, or because it is missing, that looks
 * like a person's publishing. A person who publishes changes the trigger, or has unpublished the workflow before:
 * n8n leaves a trigger without changes running.
 */
import { createHash } from 'node:crypto';
import type { ITriggerFunctions } from 'n8n-workflow';
import type { StaticData } from '../watch/state/static-data.ts';
import { ownSourceId } from './file-state.ts';

/** Nodes that have told n8n of a failure since they were activated, so that it activates them again; one for the process. */
export type FailedNodes = Set<string>;

type Context = Pick<ITriggerFunctions, 'getActivationMode' | 'getNode' | 'getWorkflow'>;

export const failedKeyOf = (context: Context): string =>
	ownSourceId(String(context.getWorkflow().id), context.getNode().id);

/** Notes in the workflow's static data what the node is activated with. */
export function isByPerson(context: Context, data: StaticData, failed: FailedNodes): boolean {
	const { id, name, typeVersion, credentials, parameters } = context.getNode();
	const key = `docdrop:${id}:activated`;
	const before = data[key];
	const settings = createHash('sha256')
		.update(JSON.stringify([name, typeVersion, credentials ?? null, parameters]))
		.digest('hex')
		.slice(0, 32);
	data[key] = settings;
	if (failed.has(failedKeyOf(context))) return false;
	switch (context.getActivationMode()) {
		case 'init':
		case 'leadershipChange':
			return false;
		case 'update':
			return before !== settings;
		default:
			return true;
	}
}
