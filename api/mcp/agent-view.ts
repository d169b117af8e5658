import { DocDropError } from '../errors.ts';

/** What one agent may see, and how the API is asked on its behalf. */
export interface AgentView {
	/** Asks a route of the API with the agent's own key; rejects with the error that it answers. */
	readonly ask: AskApi;
	/** The only tenant that may be read here; null: any that the key is valid for. */
	readonly onlyTenant: string | null;
	/** The tenant of a call that names none. */
	readonly defaultTenant: string;
	readonly version: string;
	/** What is a defect, and no answer of the API. */
	readonly onDefect: (error: unknown) => void;
}

export type AskApi = (request: ApiRequest, signal: AbortSignal) => Promise<unknown>;

export interface ApiRequest {
	readonly method: 'GET' | 'POST';
	/** With its query. */
	readonly path: string;
	readonly body?: object;
}

/** Of a tool's call, as a model wrote them: nothing of it is known yet. */
export type Arguments = Readonly<Record<string, unknown>>;

/** The tenant that a call is about. Whatever it names, a view of one tenant shows no other. */
export function tenantOf(named: unknown, { onlyTenant, defaultTenant }: AgentView): unknown {
	if (named === undefined) return onlyTenant ?? defaultTenant;
	if (onlyTenant !== null && named !== onlyTenant) {
		throw new DocDropError('forbidden', `tenant must be ${onlyTenant}: no other can be read here`, {
			field: 'tenant',
			hint: 'Leave tenant out.',
		});
	}
	return named;
}

/** A query string of what a model gave; which names and values a route takes, the route says itself. */
export function queryOf(given: Arguments): string {
	const query = new URLSearchParams();
	for (const [name, value] of Object.entries(given)) {
		if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
			throw new DocDropError('invalid', `${name} must be one text or number`, { field: name });
		}
		query.set(name, String(value));
	}
	return query.toString();
}
