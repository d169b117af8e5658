import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { Overview, OverviewHistory } from '../contract/overview-schema.ts';
import type { Allotment } from '../pipeline/admission/index.ts';
import type { Clock } from '../ports/index.ts';
import { checkAnyTenant } from './access.ts';
import { answerLeft } from './answer-left.ts';
import { described } from './described.ts';
import { createFigureHistory, type FigureHistory, sampleEveryMs } from './figure-history.ts';
import { goneSignal } from './gone-signal.ts';
import { overviewOf, type OverviewDeps } from './overview-figures.ts';
import { createSharedLooks } from './shared-looks.ts';
import { longestMs, lookEveryMs, tellStates } from './state-events.ts';

/**
 * What the page shows at a glance: asked for, or told as it changes by server-sent events (state-events.ts). How many
 * viewers are told at a time is an allotment, of which one tenant never has all; those of the same rights share one
 * look a second.
 */
export function overviewRoutes(
	app: FastifyInstance,
	deps: OverviewDeps & { readonly clock: Clock; readonly viewers: Allotment },
): void {
	const { clock, viewers } = deps;
	const look = createSharedLooks((rights) => overviewOf(rights, deps), {
		clock,
		everyMs: lookEveryMs,
	});
	const closing = new AbortController();
	// Before the server waits for its connections, which these would hold open.
	app.addHook('preClose', async () => closing.abort(new Error('the process is stopping')));
	const history = createFigureHistory();
	app.addHook('onReady', async () => keepHistory(history, deps, closing.signal));

	app.get(
		'/v1/overview',
		described('operation', 'Everything at a glance', {
			description:
				'What the page at / shows. With a key of one tenant: what is of that tenant. How the service itself is, is told to keys with the right `admin` for all tenants.',
			response: { 200: Overview },
		}),
		async (request) => look(request),
	);

	app.get(
		'/v1/overview/events',
		{
			...described('operation', 'Everything at a glance, as it changes', {
				description:
					'Server-sent events: each is the whole of GET /v1/overview as JSON, at most one a second; a comment every 15 seconds where nothing changes. Ends after ten minutes.',
				produces: ['text/event-stream'],
				response: { 200: Type.String() },
			}),
			// Nobody would read what is told, and the place of a viewer would be free meanwhile.
			exposeHeadRoute: false,
		},
		async (request, reply) => {
			const { onlyTenant, mayOperate } = request;
			const rights = { onlyTenant, mayOperate };
			const gone = AbortSignal.any([goneSignal(reply), closing.signal]);
			const giveBack = await viewers.take(onlyTenant ?? '', 1, gone);
			void answerLeft(reply).then(giveBack);
			hangUpOnStalled(reply, { clock, closing: closing.signal });
			// A failure of the first look is answered as any other.
			await look(rights);
			const events = tellStates({ look: () => look(rights), clock, gone });
			return (
				reply
					.header('content-type', 'text/event-stream; charset=utf-8')
					.header('cache-control', 'no-store')
					.header('x-accel-buffering', 'no')
					// It ends with the process, whose end would wait for a connection that is kept for more.
					.header('connection', 'close')
					.send(Readable.from(events, { objectMode: false, highWaterMark: 1 }))
			);
		},
	);

	app.get(
		'/v1/overview/history',
		described('operation', 'Figures of the last hour and day', {
			description: 'Since the start of this process: it keeps them in memory.',
			response: { 200: OverviewHistory },
		}),
		async (request) => {
			checkAnyTenant(request);
			return history.view();
		},
	);
}

function keepHistory(
	history: FigureHistory,
	{ docStore, pipeline, clock }: OverviewDeps & { readonly clock: Clock },
	closing: AbortSignal,
): void {
	const sample = async () => {
		const [stats, { perMinute }] = await Promise.all([docStore.stats(), pipeline.queueHealth()]);
		const { pending, failed } = stats;
		history.add({ at: clock.now(), perMinute, pending, failed, memoryBytes: process.memoryUsage.rss() });
	};
	const goOn = () => {
		if (closing.aborted) return;
		// What cannot be looked at leaves a gap.
		void sample()
			.catch(() => {})
			.finally(() => void clock.after(sampleEveryMs, goOn));
	};
	goOn();
}

/** What is told at the end has left by then, if it is read. */
const lastWordsMs = 1_000;

/** A viewer who does not read holds neither its place for longer than a stream lasts, nor the end of the process. */
function hangUpOnStalled(
	{ raw }: FastifyReply,
	{ clock, closing }: { readonly clock: Clock; readonly closing: AbortSignal },
): void {
	const left = new AbortController();
	const hangUp = () => raw.destroy();
	const cancel = clock.after(longestMs + lastWordsMs, hangUp);
	const onClosing = () => void clock.after(lastWordsMs, hangUp);
	closing.addEventListener('abort', onClosing, { once: true, signal: left.signal });
	raw.once('close', () => {
		cancel();
		left.abort();
	});
}
