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

const isObject = (value: unknown): value is IDataObject =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

/** The field that keeps the item from being a trigger's; null where it is one. */
function faultOf(json: IDataObject): string | null {
	const { docdrop, event } = json;
	if (!isObject(docdrop)) return 'docdrop';
	const missing = ['sourceId', 'epoch'].find((name) => !isText(docdrop[name]));
	if (missing !== undefined) return `docdrop.${missing}`;
	if (!Number.isSafeInteger(docdrop['seq'])) return 'docdrop.seq';
	if (event === 'snapshotComplete') return Array.isArray(docdrop['present']) ? null : 'docdrop.present';
	if (!fileEvents.includes(event)) return 'event';
	const wanted = ['tenant', 'docId', ...(event === 'deleted' ? [] : ['path', 'relPath'])];
	const absent = wanted.find((name) => !isText(json[name]));
	if (absent !== undefined || event !== 'moved') return absent ?? null;
	const before = ['previousTenant', 'previousDocId'].find((name) => !isText(docdrop[name]));
	return before === undefined ? null : `docdrop.${before}`;
}

export function readTriggerItem(json: IDataObject): TriggerItem {
	const field = faultOf(json);
	if (field === null) return json as unknown as TriggerItem;
	throw notOfTrigger(field);
}

/** What is thrown for an item that lacks the field. */
export const notOfTrigger = (field: string): ItemFailure =>
	new ItemFailure(
		nodeFault(
			'invalid',
			`the item is not one of the DocDrop Trigger: its field "${field}" is missing or wrong`,
			'Connect the DocDrop Trigger and pass its items on unchanged (Edit Fields needs Include Other Input Fields), or set Source to "Binary Field" or "Text".',
			{ field, retryable: false },
		),
	);

export const isSnapshot = (item: TriggerItem): item is SnapshotItem => item.event === 'snapshotComplete';
