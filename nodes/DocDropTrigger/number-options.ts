/** The options that are numbers: what a person sees of them, and what is accepted when they are read. */
import type { INodeProperties } from 'n8n-workflow';
import { limits } from '../../api/contract/limits.ts';

/** `range`: least and most. */
export const numberOptions = {
	batchSize: { label: 'Batch Size', unset: 200, range: [1, limits.batchDocuments] },
	batchWindow: { label: 'Batch Window (Ms)', unset: 100, range: [0, 600_000] },
	brake: { label: 'Brake (%)', unset: 20, range: [0, 100] },
	deletionGrace: { label: 'Deletion Delay (Seconds)', unset: 5, range: [0, 86_400] },
	longestWait: { label: 'Longest Wait (Ms)', unset: 5_000, range: [0, 3_600_000] },
	maxFileSize: { label: 'Max File Size (MB)', unset: 256, range: [1, 1_000_000] },
	maxInFlight: { label: 'Max Executions in Flight', unset: 0, range: [0, 1_000] },
	pollInterval: { label: 'Polling Interval (Seconds)', unset: 5, range: [1, 86_400] },
	rescanInterval: { label: 'Rescan Interval (Seconds)', unset: 60, range: [1, 86_400] },
	settleTime: { label: 'Settle Time (Ms)', unset: 300, range: [0, 600_000] },
	tenantSegment: { label: 'Folder Number', unset: 1, range: [1, 100] },
} as const;

export type NumberOptionName = keyof typeof numberOptions;

export function numberField(name: NumberOptionName): Omit<INodeProperties, 'description'> {
	const { label, unset, range } = numberOptions[name];
	const [minValue, maxValue] = range;
	return {
		displayName: label,
		name,
		type: 'number',
		default: unset,
		typeOptions: { minValue, maxValue, numberPrecision: 0 },
	};
}
