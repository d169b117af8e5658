/**
 * The node's parameters as the operations want them. n8n evaluates a parameter for each item anew; one without an
 * expression is the same for all, and is asked for once, which is most of the node's own time with hundreds of items.
 */
import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { ItemFailure, nodeFault } from './failing.ts';

export interface Parameters {
	/** Trimmed; '' where it is empty. Resource locators give their value. */
	text(name: string, item: number): string;
	/** The same; an empty one is a failure of the item. `label` is what the user reads. */
	required(name: string, label: string, item: number): string;
	/** As it is, spaces and all; null where it is no text. */
	exact(name: string, item: number): string | null;
	/** Document ID, as it is, since spaces may belong to it. Empty: `fallback`, or a failure of the item. */
	docId(item: number, fallback?: string): string;
	number(name: string, item: number, fallback: number): number;
	flag(name: string, item: number): boolean;
	/** Whatever it holds. */
	value(name: string, item: number): unknown;
	/** A collection of optional fields. */
	options(name: string, item: number): IDataObject;
}

export function createParameters(context: IExecuteFunctions): Parameters {
	const written = context.getNode().parameters;
	const known = new Map<string, unknown>();

	function value(name: string, item: number, fallback?: unknown): unknown {
		if (known.has(name)) return known.get(name);
		const found: unknown = context.getNodeParameter(name, item, fallback, { extractValue: true });
		if (isFixed(written[name])) known.set(name, found);
		return found;
	}

	function exact(name: string, item: number): string | null {
		const found = value(name, item, '');
		return typeof found === 'string' ? found : typeof found === 'number' ? String(found) : null;
	}

	const trimmed = (name: string, item: number) => (exact(name, item) ?? '').trim();

	return {
		text: trimmed,
		required(name, label, item) {
			const found = trimmed(name, item);
			if (found !== '') return found;
			throw missing(name, label);
		},
		exact,
		docId(item, fallback = '') {
			const found = exact('docId', item) ?? '';
			if (found.trim() !== '') return found;
			if (fallback !== '') return fallback;
			throw missing('docId', 'Document ID');
		},
		number(name, item, fallback) {
			const found = Number(value(name, item, fallback));
			return Number.isFinite(found) ? found : fallback;
		},
		value: (name, item) => value(name, item),
		flag: (name, item) => value(name, item, false) === true,
		options: (name, item) => (value(name, item, {}) ?? {}) as IDataObject,
	};
}

/** What is thrown for an item that lacks the parameter. */
export const missing = (field: string, label: string): ItemFailure =>
	new ItemFailure(
		nodeFault('invalid', `${label} is empty`, `Fill in ${label}, or let the item carry it.`, {
			field,
			retryable: false,
		}),
	);

/** A parameter that is not written down has its default, which may be an expression. */
function isFixed(written: unknown): boolean {
	return written !== undefined && !JSON.stringify(written).includes('"=');
}
