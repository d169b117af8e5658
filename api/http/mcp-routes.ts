import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Config } from '../config/index.ts';
import { ErrorBody } from '../contract/error-schema.ts';
import { limits } from '../contract/limits.ts';
import { DocDropError } from '../errors.ts';
import { described } from './described.ts';
import { goneSignal } from './gone-signal.ts';
import type { InnerRequests } from './inner-requests.ts';

/**
 * The Model Context Protocol over HTTP. Nothing is kept from one message to the next, so a restart and a second process
 * behind a balancer are nothing to an agent: each message has a server of its own, answered in one piece. What is not
 * offered, a stream of the server's own and an end of a session, is answered 405, as the protocol wants it.
 */
interface McpDeps {
	readonly config: Config;
	readonly version: string;
	readonly inner: InnerRequests;
}

/** Of JSON-RPC; what stands in it the protocol says. */
const Message = Type.Object(
	{
		jsonrpc: Type.Literal('2.0'),
		id: Type.Optional(Type.Union([Type.String(), Type.Integer(), Type.Null()])),
	},
	{ additionalProperties: true, description: 'One message of JSON-RPC.' },
);

/** Refused by us, or by the protocol: such as a version of it that is not known. */
const Refused = Type.Union([Type.Object(ErrorBody.properties), Message], {
	description: 'Refused by this server, or by the protocol in its own words.',
});

export function mcpRoutes(app: FastifyInstance, { config, version, inner }: McpDeps): void {
	app.post(
		'/mcp',
		{
			bodyLimit: limits.mcpBytes,
			...described('search', 'The index for an agent, by the Model Context Protocol', {
				description:
					'Streamable HTTP without sessions: one message a request. Tools: search, get_document, list_documents, status; documents are resources.',
				body: Message,
				response: {
					200: Message,
					202: Type.Null({ description: 'A message that wants no answer was taken.' }),
					400: Refused,
				},
			}),
		},
		async (request, reply) => {
			checkSite(request);
			const gone = goneSignal(reply);
			// Loaded with the first message: whoever has no agent never loads it.
			const { answerMessage } = await import('../mcp/index.ts');
			const answer = await answerMessage(request, {
				ask: (asked, signal) => inner.ask(request, asked, AbortSignal.any([signal, gone])),
				onlyTenant: request.onlyTenant,
				defaultTenant: config.tenant,
				version,
				onDefect: (error) => request.log.error({ err: error }, 'a request failed unexpectedly'),
			});
			// Which of its statuses an answer has, the SDK says.
			return reply
				.code(answer.status as 200)
				.headers(Object.fromEntries(answer.headers))
				.send(await answer.text());
		},
	);
}

/** A page of another site must not reach an index that its reader can reach, whatever name it made resolve to here. */
function checkSite(request: FastifyRequest): void {
	const { origin } = request.headers;
	if (origin === undefined) return;
	if (URL.canParse(origin) && new URL(origin).host === request.host) return;
	throw new DocDropError('forbidden', 'origin must be this server', {
		field: 'origin',
		hint: 'Let the agent call from its own process, or through a server of your page.',
	});
}
