import type { FastifyRequest } from 'fastify';

/** Which bodies are taken as they come, and not as a whole: by their route, or because they are forms with files. */
declare module 'fastify' {
	interface FastifyContextConfig {
		/** The body may take any time, as long as more of it comes. */
		isStreamed?: boolean;
		/** The same of a form with files; another body of this route is taken as a whole. */
		takesForms?: boolean;
	}
}

const formType = /^multipart\/form-data\s*(;|$)/i;

/** Fastify makes `routeOptions` anew each time that it is asked for them: who needs more of them has asked already. */
export function bodyKind({
	routeOptions: { config },
	headers,
}: Pick<FastifyRequest, 'routeOptions' | 'headers'>): 'whole' | 'stream' | 'form' {
	if (config.isStreamed === true) return 'stream';
	return config.takesForms === true && formType.test(headers['content-type'] ?? '') ? 'form' : 'whole';
}

export const isForm = (request: FastifyRequest): boolean => bodyKind(request) === 'form';

export const isStreamed = (request: FastifyRequest): boolean => bodyKind(request) !== 'whole';
