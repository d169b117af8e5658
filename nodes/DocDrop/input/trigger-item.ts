/** What the DocDrop Trigger emitted, told from any other item. A workflow may have changed it on its way here. */
import type { IDataObject } from 'n8n-workflow';
import type { FileItem, SnapshotItem, TriggerItem } from '../../item.ts';
import { ItemFailure, nodeFault } from '../failing.ts';

const fileEvents: readonly unknown[] = [
	'created',
	'changed',
	'moved',
	'deleted',
] satisfies FileItem['event'][];
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** The field that keeps the item from being a trigger's; null where it is one. */
function faultOf(json: IDataObject): string | null {
	const missing = ['sourceId', 'epoch'].find((name) => !isText(json[name]));
	if (missing !== undefined) return missing;
	if (!Number.isSafeInteger(json['seq'])) return 'seq';
	if (json['event'] === 'snapshotComplete') return Array.isArray(json['present']) ? null : 'present';
	if (!fileEvents.includes(json['event'])) return 'event';
	const wanted = [
		'tenant',
		'docId',
		...(json['event'] === 'deleted' ? [] : ['path', 'relPath']),
		...(json['event'] === 'moved' ? ['previousTenant', 'previousDocId'] : []),
	];
	return wanted.find((name) => !isText(json[name])) ?? null;
}

export function readTriggerItem(json: IDataObject): TriggerItem {
	const field = faultOf(json);
	if (field === null) return json as unknown as TriggerItem;
	throw new ItemFailure(
		nodeFault(
			'invalid',
			`the item is not one of the DocDrop Trigger: its field "${field}" is missing or wrong`,
			'Connect the DocDrop Trigger and pass its items on unchanged, or set Source to "Binary Property" or "Text".',
			{ field, retryable: false },
		),
	);
}

export const isSnapshot = (item: TriggerItem): item is SnapshotItem => item.event === 'snapshotComplete';
