/**
 * Document writes as request bodies: which points go into which request, and what happens to the points
 * that stay. No I/O; qdrant-store.ts sends what this makes, all upserts before any payload change.
 */
import type { Schemas } from '@qdrant/js-client-rest';
import { slices } from '../../domain/index.ts';
import { loopTurn } from '../../loop-turn.ts';
import type { DocWrite, NewPoint } from '../../ports/index.ts';
import { createRequestBody, type RequestBody } from './body.ts';
import { docIdKey, keptMetadata, newPayloads, tenantKey } from './payload.ts';
import { documentVector } from './sparse.ts';

export const sparseName = 'bm25';

export interface RequestLimits {
	readonly maxPoints: number;
	readonly maxBytes: number;
}

/** Writing this much takes two or three milliseconds; the event loop gets a turn after it. */
const bytesPerTurn = 256 * 1024;
/** Grows with what is written. */
const smallestBody = 64 * 1024;
/** Ids of one filter; keeps a filter far below the request limit and a payload change short for readers. */
export const idsPerFilter = 1_000;

type Condition = Schemas['Condition'];

const equals = (key: string, value: string): Condition => ({ key, match: { value } });

export function tenantFilter(tenant: string | null, docId?: string): Schemas['Filter'] | undefined {
	const must = [
		...(tenant === null ? [] : [equals(tenantKey, tenant)]),
		...(docId === undefined ? [] : [equals(docIdKey, docId)]),
	];
	return must.length === 0 ? undefined : { must };
}

/** Points by id, but of this tenant (and document) only: an id alone would reach another tenant's point. */
export function idFilter(ids: readonly string[], tenant: string, docId?: string): Schemas['Filter'] {
	const conditions = tenantFilter(tenant, docId)?.must as Condition[];
	return { must: [{ has_id: [...new Set(ids)] }, ...conditions] };
}

function writePoint(body: RequestBody, point: NewPoint, payload: string): void {
	const sparse = documentVector(point.terms);
	// The unnamed vector is the one named '' wherever another vector stands beside it.
	body.text(`{"id":${JSON.stringify(point.id)},"vector":{"":[`);
	body.decimals(point.vector);
	body.text(']');
	if (sparse !== null) {
		body.text(`,"${sparseName}":{"indices":[`);
		body.integers(sparse.indices);
		body.text('],"values":[');
		body.decimals(sparse.values);
		body.text(']}');
	}
	body.text(`},"payload":${payload}}`);
}

export interface UpsertBody {
	readonly body: Buffer;
	readonly points: number;
}

/**
 * Bodies for `PUT /points`, cut by number of points and by bytes; one point larger than the limit goes alone.
 * `update_filter` (Qdrant 1.16; ignored before) keeps an upsert from replacing another tenant's point.
 */
export async function* upsertBodies(
	writes: readonly DocWrite[],
	limits: RequestLimits,
): AsyncGenerator<UpsertBody> {
	const tenant = writes[0]?.tenant ?? '';
	const head = `{"update_filter":${JSON.stringify(tenantFilter(tenant))},"points":[`;
	const begin = () => {
		const begun = createRequestBody(smallestBody);
		begun.text(head);
		return begun;
	};
	let body = begin();
	let points = 0;
	let sinceTurn = 0;
	const close = (): UpsertBody => {
		body.text(']}');
		return { body: body.close(), points };
	};
	for (const write of writes) {
		const payloadOf = newPayloads(write);
		for (const point of write.points) {
			if (points === limits.maxPoints) {
				yield close();
				body = begin();
				points = 0;
			}
			const start = body.length;
			if (points > 0) body.text(',');
			writePoint(body, point, payloadOf(point));
			sinceTurn += body.length - start;
			if (points > 0 && body.length - head.length > limits.maxBytes) {
				const last = body.cut(start).subarray(1);
				yield close();
				body = begin();
				body.bytes(last);
				points = 0;
			}
			points += 1;
			if (sinceTurn >= bytesPerTurn) {
				sinceTurn = 0;
				await loopTurn();
			}
		}
	}
	if (points > 0) yield close();
}

function operations(write: DocWrite): Schemas['UpdateOperation'][] {
	const { tenant, docId, kept, reordered } = write;
	const set = (payload: Schemas['Payload'], ids: readonly string[]) => ({
		set_payload: { key: 'metadata', payload, filter: idFilter(ids, tenant, docId) },
	});
	return [
		...[...slices(kept, idsPerFilter)].map((ids) => set(keptMetadata(write), ids)),
		...reordered.map(({ id, order }) => set({ order }, [id])),
	];
}

/** Bodies for `POST /points/batch` with the number of operations in each; Qdrant runs them in order. */
export function* payloadBodies(
	writes: readonly DocWrite[],
	limits: RequestLimits,
): Generator<{ body: string; operations: number }> {
	let parts: string[] = [];
	let bytes = 0;
	const close = () => {
		const closed = { body: `{"operations":[${parts.join(',')}]}`, operations: parts.length };
		parts = [];
		bytes = 0;
		return closed;
	};
	for (const write of writes) {
		for (const operation of operations(write)) {
			const json = JSON.stringify(operation);
			const size = Buffer.byteLength(json) + 1;
			if (parts.length > 0 && (parts.length >= limits.maxPoints || bytes + size > limits.maxBytes))
				yield close();
			parts.push(json);
			bytes += size;
		}
	}
	if (parts.length > 0) yield close();
}
