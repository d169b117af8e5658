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

export const isForm = ({ routeOptions, headers }: FastifyRequest): boolean =>
	routeOptions.config.takesForms === true && formType.test(headers['content-type'] ?? '');

export const isStreamed = (request: FastifyRequest): boolean =>
	request.routeOptions.config.isStreamed === true || isForm(request);
