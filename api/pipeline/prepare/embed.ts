import type { Embedder } from '../../ports/index.ts';
import type { QueueKey } from '../../domain/index.ts';
import { decide } from '../faults/index.ts';
import { createFairQueue } from './fair-queue.ts';
import type { StepDeps } from './step-deps.ts';

/**
 * Texts of many documents into few calls of the embedder: what arrives within `lingerMs` travels together,
 * at most `maxTexts` a call and `maxCalls` calls at a time, in fair turn where more wait. Each document gets its vectors, or its own error.
 *
 * An outage is waited for here, without limit: the documents keep their place, and nothing that is already
 * embedded is paid for again. A refused call is halved until the refused text stands alone.
 */
export interface EmbedStep {
	/** One vector a text, in order. Rejects with the error of a refused text, or the signal's reason. */
	embed(texts: readonly string[], key: QueueKey): Promise<Float32Array[]>;
}

interface EmbedRequest {
	readonly text: string;
	resolve(vector: Float32Array): void;
	reject(error: unknown): void;
}

interface EmbedDeps extends Pick<StepDeps, 'breaker' | 'clock' | 'signal' | 'random' | 'weightOf'> {
	readonly embedder: Embedder;
	readonly lingerMs: number;
	readonly maxTexts: number;
	readonly maxCalls: number;
	readonly onWait: (error: unknown) => void;
}

export function createEmbedStep(deps: EmbedDeps): EmbedStep {
	const { embedder, breaker, clock, signal, random, lingerMs, maxTexts, maxCalls, onWait } = deps;
	const waiting = createFairQueue<EmbedRequest>(deps.weightOf);
	let isLingering = false;
	let calls = 0;

	function pump(isDue: boolean): void {
		while (calls < maxCalls && (waiting.size >= maxTexts || (isDue && waiting.size > 0))) {
			const requests = waiting.takeTogether(maxTexts);
			calls += 1;
			void process(requests).finally(() => {
				calls -= 1;
				pump(true);
			});
		}
	}

	async function process(wishes: readonly EmbedRequest[]): Promise<void> {
		let previousMs = 0;
		for (;;) {
			try {
				const texts = wishes.map((wish) => wish.text);
				const vectors = await breaker.run((inner) => embedder.embed(texts, inner), signal);
				for (const [index, wish] of wishes.entries()) {
					const vector = vectors[index];
					if (vector === undefined) throw new Error('the embedder answered fewer vectors than texts');
					wish.resolve(vector);
				}
				return;
			} catch (error) {
				if (signal.aborted) return refuse(wishes, signal.reason);
				const next = decide(error, {
					documents: wishes.length,
					attempts: 0,
					maxAttempts: 1,
					previousMs,
					random,
				});
				if (next.kind === 'wait') {
					onWait(error);
					previousMs = next.afterMs;
					try {
						await clock.sleep(next.afterMs, signal);
					} catch (reason) {
						return refuse(wishes, reason);
					}
				} else if (next.kind === 'split') {
					const middle = wishes.length >> 1;
					await process(wishes.slice(0, middle));
					return process(wishes.slice(middle));
				} else {
					return refuse(wishes, error);
				}
			}
		}
	}

	const refuse = (wishes: readonly EmbedRequest[], error: unknown) => {
		for (const wish of wishes) wish.reject(error);
	};

	return {
		embed(texts, key) {
			const vectors = texts.map((text) => {
				const { promise, resolve, reject } = Promise.withResolvers<Float32Array>();
				waiting.push(key, { text, resolve, reject });
				return promise;
			});
			pump(false);
			if (!isLingering && waiting.size > 0) {
				isLingering = true;
				clock.after(lingerMs, () => {
					isLingering = false;
					pump(true);
				});
			}
			return Promise.all(vectors);
		},
	};
}
