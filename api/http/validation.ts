import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';
import { DocDropError } from '../errors.ts';

/**
 * Schemas to checks. A failed check becomes `invalid` with the field, the demand and the value; values of
 * content fields are never shown. Bodies are taken as they are; query strings, which are all text, are
 * converted where the schema wants numbers or flags.
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

function shown(value: unknown, field: string): string {
	if (hidden.test(field) || value === undefined) return '';
	if (typeof value === 'object' && value !== null)
		return `, got ${Array.isArray(value) ? 'an array' : 'an object'}`;
	const text = JSON.stringify(value);
	return `, got ${text.length > 80 ? `${text.slice(0, 77)}…` : text}`;
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
	const field = [where, ...path.split('/').slice(1), ...(named === undefined ? [] : [named])]
		.filter(Boolean)
		.join('/');
	const message =
		params.requiredProperties !== undefined
			? 'is required'
			: params.additionalProperties !== undefined
				? 'is not a known field'
				: `${fault?.message ?? 'is not valid'}${shown(valueAt(value, path), field)}`;
	return new DocDropError('invalid', `${field || 'body'} ${message}`, { field: field || 'body' });
}

/** A check that returns its value or throws `invalid`; `where` prefixes the field, such as `documents/3`. */
export function createCheck<T>(schema: TSchema): (value: unknown, where?: string) => T {
	const compiled = Compile(schema);
	return (value, where = '') => {
		if (compiled.Check(value)) return value as T;
		throw toInvalid(compiled.Errors(value), value, where);
	};
}

/** Fastify's way to ask for a check. */
export function validatorCompiler({ schema, httpPart }: { schema: unknown; httpPart?: string | undefined }) {
	const typed = schema as TSchema;
	const compiled = Compile(typed);
	const isText = httpPart !== 'body';
	return (raw: unknown) => {
		const value = isText ? Value.Convert(typed, raw) : raw;
		if (compiled.Check(value)) return { value };
		return { error: toInvalid(compiled.Errors(value), value, '') };
	};
}
