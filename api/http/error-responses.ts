import type { FastifyInstance } from 'fastify';
import { ErrorBody } from '../contract/error-schema.ts';
import { errorTable, type ErrorCode } from '../errors.ts';
import { beyondHealth, everywhere, routeTable, rowOf, type RouteName } from './route-table.ts';

/**
 * What the OpenAPI description says of errors and keys: of every route each status that it can be answered, with the
 * codes that it then has, and the right that it asks for. Only what is described is changed; how an answer is written
 * is not.
 */
interface Operation {
	responses: Record<string, object>;
	description?: string;
	security?: object[];
}
interface Described {
	readonly components?: { schemas?: Record<string, unknown> };
	readonly paths?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Node answers these before there is a route: what is no HTTP has no status in the table. */
const ofTheServer = {
	408: 'invalid: The request must be whole within its time.',
	431: 'too_large: Send long values in the body.',
};

export const isHealth = (path: string): boolean => path.startsWith('/health/');

/** Each code once, by its status. */
export function codesByStatus(name: RouteName): ReadonlyMap<number, readonly ErrorCode[]> {
	const common = isAskedForAKey(name) ? [...everywhere, ...beyondHealth] : everywhere;
	const codes = new Set<ErrorCode>([...common, ...routeTable[name].errors]);
	return Map.groupBy(codes, (code) => errorTable[code].status);
}

/** Refuses to start with a route that the table does not have. */
export function holdToTable(app: FastifyInstance): void {
	app.addHook('onRoute', ({ method, url, schema }) => {
		if ((schema as { hide?: boolean } | undefined)?.hide === true) return;
		for (const one of [method].flat()) {
			if (one === 'HEAD' || rowOf(`${one} ${url}`) !== undefined) continue;
			throw new Error(`${one} ${url} must stand in the table of routes`);
		}
	});
}

/** `name` as the table has it, from a path as OpenAPI writes it. */
const nameOf = (method: string, path: string) =>
	`${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`;

/** `api`: the OpenAPI document, which is completed in place. */
export function describeErrors(api: object): void {
	const { components, paths } = api as Described;
	const { $id, ...schema } = ErrorBody as typeof ErrorBody & { readonly $id?: string };
	Object.assign(components?.schemas ?? {}, { [$id ?? 'Error']: schema });
	for (const [path, methods] of Object.entries(paths ?? {})) {
		for (const [method, operation] of Object.entries(methods)) {
			const name = nameOf(method, path) as RouteName;
			describeKey(operation as Operation, name);
			const { responses } = operation as Operation;
			for (const [status, description] of Object.entries(responsesOf(name)))
				responses[status] ??= { description, ...asError };
		}
	}
}

const isAskedForAKey = (name: RouteName): boolean => !isHealth(name.split(' ')[1] ?? '');

function describeKey(operation: Operation, name: RouteName): void {
	operation.security = isAskedForAKey(name) ? [{ bearer: [] }, { key: [] }] : [];
	const { right } = routeTable[name];
	if (right === 'any') return;
	operation.description = [operation.description, `Asks for a key with the right \`${right}\`.`]
		.filter((text) => text !== undefined)
		.join('\n\n');
}

const asError = { content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } };

function responsesOf(name: RouteName): Readonly<Record<string, string>> {
	const found = [...codesByStatus(name)].map(([status, codes]) => [
		status,
		codes.map((code) => `${code}: ${errorTable[code].hint}`).join('\n'),
	]);
	return { ...ofTheServer, ...(Object.fromEntries(found) as Record<string, string>) };
}
