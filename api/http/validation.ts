import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { demandOfPattern } from '../contract/patterns.ts';
import { DocDropError } from '../errors.ts';

/**
 * Schemas to checks. A failed check becomes `invalid` with the field, the demand and the value; values of
 * content fields are never shown, and nothing is shown at length. Bodies are taken as they are; query strings,
 * which are all text, are converted where the schema wants whole numbers or flags.
 */
const hidden = /(^|\/)(text|base64|query|input)(\/|$)/;

interface Fault {
	readonly keyword: string;
	readonly instancePath: string;
	readonly message: string;
	readonly params: unknown;
}

/** The fault a person can act on: the deepest one, and of a union's branches the one that got furthest. */
function worst(faults: readonly Fault[]): Fault | undefined {
	const real = faults.filter((fault) => fault.keyword !== 'anyOf');
	return (real.length > 0 ? real : faults).toSorted(
		(a, b) => b.instancePath.split('/').length - a.instancePath.split('/').length,
	)[0];
}

const clip = (text: string, length: number) =>
	(text.length > length ? `${text.slice(0, length - 1)}…` : text).toWellFormed();

function shown(value: unknown, field: string): string {
	if (hidden.test(field) || value === undefined) return '';
	if (Array.isArray(value)) return `, got an array of ${value.length}`;
	if (typeof value === 'object' && value !== null) return ', got an object';
	// Numbers as they are: JSON would write Infinity as null.
	return `, got ${typeof value === 'number' ? value : clip(JSON.stringify(value), 80)}`;
}

/** What the field must be, or why it must not be. */
function demand(fault: Fault | undefined, faults: readonly Fault[]): string {
	const params = (fault?.params ?? {}) as { allowedValues?: readonly unknown[]; pattern?: string };
	switch (fault?.keyword) {
		case 'required':
			return 'is required';
		case 'boolean':
		case 'additionalProperties': {
			// Of a union, a field that only some branches refuse is known, but not beside the others.
			const path = fault.instancePath;
			const isInUnion = faults.some(
				(one) => one.keyword === 'anyOf' && path.startsWith(`${one.instancePath}/`),
			);
			const refusals = faults.filter((one) => one.keyword === 'boolean' && one.instancePath === path);
			return isInUnion && refusals.length === 1
				? 'must not stand beside the other fields of its object'
				: 'is not a known field';
		}
		case 'enum':
			return `must be one of ${params.allowedValues?.join(', ') ?? 'the allowed values'}`;
		case 'pattern': {
			const words = demandOfPattern(params.pattern ?? '');
			return words === undefined ? 'is not of the form that is asked for' : `must be ${words}`;
		}
		default:
			return fault?.message ?? 'is not valid';
	}
}

function valueAt(root: unknown, pointer: string): unknown {
	let value = root;
	for (const part of pointer.split('/').slice(1)) {
		if (typeof value !== 'object' || value === null) return undefined;
		value = (value as Record<string, unknown>)[part.replaceAll('~1', '/').replaceAll('~0', '~')];
	}
	return value;
}

export function toInvalid(faults: readonly Fault[], value: unknown, where: string): DocDropError {
	const fault = worst(faults);
	const path = fault?.instancePath ?? '';
	const params = (fault?.params ?? {}) as { requiredProperties?: string[]; additionalProperties?: string[] };
	const named = params.requiredProperties?.[0] ?? params.additionalProperties?.[0];
	const parts = [where, ...path.split('/').slice(1), ...(named === undefined ? [] : [named])];
	// The caller's own names stand in it, as long as the caller likes.
	const field = clip(parts.filter(Boolean).join('/'), 200) || 'body';
	const message = demand(fault, faults);
	const got = message.startsWith('is ') ? '' : shown(valueAt(value, path), field);
	return new DocDropError('invalid', `${field} ${message}${got}`, { field });
}

/** A check that returns its value or throws `invalid`; `where` prefixes the field, such as `documents/3`. */
export function createCheck<T>(schema: TSchema): (value: unknown, where?: string) => T {
	const compiled = Compile(schema);
	return (value, where = '') => {
		if (compiled.Check(value)) return value as T;
		throw toInvalid(compiled.Errors(value), value, where);
	};
}

/**
 * A query string's values where the schema wants whole numbers or flags. What is not plainly one stays text, and
 * the check names it: reading `1.5` as 1 or an empty seq as 0 would put a change in another place of its order.
 */
function fromText(schema: TSchema, raw: unknown): unknown {
	if (typeof raw !== 'object' || raw === null) return raw;
	const properties =
		(schema as { properties?: Readonly<Record<string, { type?: string }>> }).properties ?? {};
	return Object.fromEntries(
		Object.entries(raw).map(([name, value]: [string, unknown]) => {
			const type = Object.hasOwn(properties, name) ? properties[name]?.type : undefined;
			if (type === 'integer' && typeof value === 'string' && /^-?\d{1,15}$/.test(value))
				return [name, Number(value)];
			if (type === 'boolean' && (value === 'true' || value === 'false')) return [name, value === 'true'];
			return [name, value];
		}),
	);
}

/** Fastify's way to ask for a check. */
export function validatorCompiler({ schema, httpPart }: { schema: unknown; httpPart?: string | undefined }) {
	const typed = schema as TSchema;
	const compiled = Compile(typed);
	const isText = httpPart !== 'body';
	return (raw: unknown) => {
		const value = isText ? fromText(typed, raw) : raw;
		if (compiled.Check(value)) return { value };
		return { error: toInvalid(compiled.Errors(value), value, '') };
	};
}
