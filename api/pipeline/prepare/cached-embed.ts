import { createHash } from 'node:crypto';
import type { Telemetry } from '../../telemetry.ts';
import type { VectorCache } from '../../ports/index.ts';
import type { EmbedStep } from './embed.ts';
import type { TextOwner } from './text-set.ts';

/**
 * The embed step with what was embedded before: a text of the same tenant that the same embedder has seen costs nothing,
 * whichever document it stands in. So moved, copied and restored documents, and those whose chunks come back after an edit,
 * embed what is new in them alone.
 *
 * Of one tenant, because what is found tells that somebody has the text.
 */
interface CachedDeps {
	readonly cache: VectorCache;
	/** The embedder's. */
	readonly fingerprint: string;
	readonly dimensions: number;
	readonly telemetry: Telemetry;
}

export function cachedEmbedStep(inner: EmbedStep, deps: CachedDeps): EmbedStep {
	return { ...inner, embed: (texts, owner) => embedWithCache(texts, owner, inner, deps) };
}

async function embedWithCache(
	texts: readonly string[],
	owner: TextOwner,
	inner: EmbedStep,
	{ cache, fingerprint, dimensions, telemetry }: CachedDeps,
): Promise<Float32Array[]> {
	if (texts.length === 0) return [];
	const keys = texts.map((text) => vectorKey(fingerprint, owner.tenant, text));
	const vectors = new Map<string, Float32Array>();
	for (const [index, vector] of (await cache.find(keys)).entries()) {
		if (vector?.length === dimensions) vectors.set(keys[index] ?? '', vector);
	}
	// A text that stands in the document twice is embedded once.
	const missing = new Map(
		keys.flatMap((key, index) => (vectors.has(key) ? [] : [[key, texts[index] ?? ''] as const])),
	);
	const fresh = await inner.embed([...missing.values()], owner);
	telemetry.count('docdrop_vectors_total', { from: 'embedder' }, missing.size);
	telemetry.count('docdrop_vectors_total', { from: 'cache' }, texts.length - missing.size);
	const entries = [...missing.keys()].flatMap((key, index) => {
		const vector = fresh[index];
		return vector === undefined ? [] : { key, vector };
	});
	if (entries.length > 0) cache.keep(entries);
	for (const { key, vector } of entries) vectors.set(key, vector);
	return keys.map((key) => {
		const vector = vectors.get(key);
		if (vector === undefined) throw new Error('a text without its vector');
		return vector;
	});
}

/** Each part with its length, so that no two of them read alike. */
function vectorKey(fingerprint: string, tenant: string, text: string): string {
	const hash = createHash('sha256');
	for (const part of [fingerprint, tenant, text]) hash.update(`${part.length}:`).update(part);
	return hash.digest('base64');
}
