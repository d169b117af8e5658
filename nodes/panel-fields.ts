/** What the fields of both nodes' panels begin with, by what a person does with them. */
import type { INodeProperties } from 'n8n-workflow';

/** To be typed in. */
export const textField = (displayName: string, name: string, unset = ''): INodeProperties => ({
	displayName,
	name,
	type: 'string',
	default: unset,
});

/** Off until it is switched on. */
export const switchField = (displayName: string, name: string): INodeProperties => ({
	displayName,
	name,
	type: 'boolean',
	default: false,
});

/** One of several `options`. */
export const choiceField = (displayName: string, name: string, unset: string): INodeProperties => ({
	displayName,
	name,
	type: 'options',
	default: unset,
});
