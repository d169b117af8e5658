/**
 * From a row that differs from what the consumer knows to a row that does not: window, seq, delivery, outcome.
 * Owned by the engine. When batches go out is decided here, what happens to one of them in send-batch.ts.
 *
 * Before a change is sent, its row is durable with the new seq, so that a crash leaves behind that the consumer
 * may hold it; only an outcome `delivered` takes that back.
 */
import { createOutbox, requeue, type EmitterDeps, type Outbox } from './outbox.ts';
import { sendBatch } from './send-batch.ts';

export interface DeliveryStatus {
	readonly batchesInFlight: number;
	/** Failed deliveries in a row. */
	readonly failures: number;
	/** What the last one failed with; null after a success. */
	readonly lastFailure: string | null;
}

export interface Emitter {
	/** Sends the path's newest state when it is its turn, if the consumer has to hear of it. */
	offer(docId: string): void;
	/** Takes the path's unsent change back until it is offered again. */
	withhold(docId: string): void;
	isWithheld(docId: string): boolean;
	waiting(): Iterable<string>;
	inFlight(): ReadonlySet<string>;
	isEmpty(): boolean;
	status(): DeliveryStatus;
	/** Sends nothing more, aborts the signal, waits for what is in flight (at most `closeWaitMs`). */
	close(): Promise<void>;
}

export function createEmitter(deps: EmitterDeps): Emitter {
	const { clock, settings } = deps;
	const outbox = createOutbox(deps);
	const { window, departing, inFlight, withheld, batches } = outbox;
	return {
		offer(docId) {
			withheld.delete(docId);
			requeue(outbox, docId);
			sendDue(outbox);
		},
		withhold(docId) {
			withheld.add(docId);
			window.drop(docId);
		},
		isWithheld: (docId) => withheld.has(docId),
		*waiting() {
			yield* departing;
			for (const docId of window.docIds()) if (!departing.has(docId)) yield docId;
		},
		inFlight: () => inFlight,
		isEmpty: () => window.size === 0 && batches.size === 0,
		status() {
			const { failures, lastFailure } = outbox.consumer;
			return { batchesInFlight: batches.size, failures, lastFailure };
		},
		async close() {
			outbox.timer?.cancel();
			outbox.closing.abort(new Error('the watch engine closes'));
			const waited = new AbortController();
			const limit = clock.sleep(settings.closeWaitMs, waited.signal).catch(() => {});
			await Promise.race([Promise.allSettled(batches), limit]);
			waited.abort();
			outbox.isAbandoned = true;
		},
	};
}

/** Sends every batch that is due and has room in flight; sets the timer for the next one. */
function sendDue(outbox: Outbox): void {
	const { deps, consumer, window, isolation, batches, closing } = outbox;
	while (!closing.signal.aborted) {
		const isProbe = consumer.failures > 0;
		if (batches.size >= deps.settings.batchesInFlight || (isProbe && outbox.probe !== null)) return;
		const now = deps.clock.monotonic();
		const batch = consumer.blockedUntil > now ? null : window.take(now, isolation.cap);
		if (batch === null) return setTimer(outbox);
		const sending = sendBatch(outbox, batch);
		batches.add(sending);
		if (isProbe) outbox.probe = sending;
		void sending.finally(() => {
			batches.delete(sending);
			if (outbox.probe === sending) outbox.probe = null;
			sendDue(outbox);
			deps.onChange();
		});
	}
}

function setTimer(outbox: Outbox): void {
	const { window, consumer, timer } = outbox;
	const { clock } = outbox.deps;
	const due = window.dueAt();
	if (due === null) return;
	const at = Math.max(due, consumer.blockedUntil);
	if (timer !== null && timer.at <= at) return;
	timer?.cancel();
	const cancel = clock.after(Math.max(0, at - clock.monotonic()), () => {
		outbox.timer = null;
		sendDue(outbox);
	});
	outbox.timer = { at, cancel };
}
