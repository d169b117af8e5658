/** Notices that a server's model changed behind its name. Only app.ts calls this. */
import type { FastifyBaseLogger } from 'fastify';
import type { DocStore, Embedder } from '../ports/index.ts';

/** Some of everything that a model may treat in its own way: cases, numbers, code, other scripts. */
const canaryText = 'Otters hold hands: 42 rivers, getUserById(), naïve façade, 共有ライブラリ, перезапуск.';
/**
 * Cosine of two vectors of the same text. Rounding on other hardware and in other batches leaves more than 0.999;
 * another model, or the same one trained anew, less than 0.9.
 */
const sameModel = 0.99;
/** The start does not wait for a server that is away, or busy. */
const patienceMs = 3_000;

interface Known {
	/** How often the model changed behind its name. */
	readonly generation: number;
	/** Base64 of the canary's numbers. */
	readonly vector: string;
}

/**
 * The embedder with a fingerprint that holds how often its model was found changed: documents that are sent from then on
 * are embedded anew, and vectors that were kept of the model before are not used. Where the server does not answer now,
 * the last known one is believed until the next start.
 */
export async function watchModel(
	embedder: Embedder,
	docStore: Pick<DocStore, 'marker' | 'setMarker'>,
	logger: Pick<FastifyBaseLogger, 'warn'>,
	/** Whether this process embeds; one that does not only believes what is known. */
	embeds: boolean,
): Promise<Embedder> {
	const name = `canary ${embedder.fingerprint}`;
	const known = read(await docStore.marker(name));
	const vector = embeds ? await vectorNow(embedder) : null;
	const next = vector === null ? known : after(known, vector);
	if (next !== null && next !== known) await docStore.setMarker(name, JSON.stringify(next));
	const generation = next?.generation ?? 0;
	if (generation > (known?.generation ?? 0)) {
		logger.warn(
			{ model: embedder.model, generation },
			'the model answers otherwise than before under the same name; what is sent from now on is embedded anew',
		);
	}
	return generation === 0 ? embedder : { ...embedder, fingerprint: `${embedder.fingerprint}#${generation}` };
}

/** Null where there is none in time. What is wrong shows with the first document, which waits for it. */
const vectorNow = (embedder: Embedder): Promise<Float32Array | null> =>
	embedder.embed([canaryText], AbortSignal.timeout(patienceMs)).then(
		([one]) => one ?? null,
		() => null,
	);

function after(known: Known | null, vector: Float32Array): Known {
	const { buffer, byteOffset, byteLength } = vector;
	const text = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
	if (known === null) return { generation: 0, vector: text };
	const before = numbersOf(known.vector);
	return cosine(before, vector) >= sameModel ? known : { generation: known.generation + 1, vector: text };
}

function numbersOf(text: string): Float32Array {
	const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
	return new Float32Array(bytes.buffer, 0, Math.floor(bytes.length / Float32Array.BYTES_PER_ELEMENT));
}

/** Of vectors of unit length; 0 where their lengths differ. */
const cosine = (a: Float32Array, b: Float32Array): number =>
	a.length === b.length ? a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0) : 0;

/** Null where there is none that can be read. */
function read(note: string | null): Known | null {
	if (note === null) return null;
	try {
		const { generation, vector } = JSON.parse(note) as Partial<Known>;
		return typeof generation === 'number' && typeof vector === 'string' ? { generation, vector } : null;
	} catch {
		return null;
	}
}
