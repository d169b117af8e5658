import { DocDropError } from '../../errors.ts';
import type { DocWrite } from '../../ports/index.ts';
import type { WirePut } from './index-messages.ts';
import { packTexts } from './packed-texts.ts';
import { quantize } from './quantize.ts';

/** What the writer's thread is handed for some writes of one tenant; throws where one of them cannot be indexed. */
export function toWire(writes: readonly DocWrite[], dimensions: number): WirePut {
	const [first] = writes;
	const points = writes.flatMap((write) => write.points);
	// The vectors may be views of large buffers, which cloning would copy whole: here they get one of their own.
	const vectors = new Int8Array(points.length * dimensions);
	points.forEach((point, index) => {
		checkId(point.id);
		checkVector(point.vector, dimensions);
		quantize(point.vector, vectors, index * dimensions);
	});
	return {
		tenant: first?.tenant ?? '',
		vectors,
		texts: packTexts(points),
		writes: writes.map(({ tenant, docId, fields, points, kept, reordered }) => {
			if (tenant !== first?.tenant) throw rejected('one put holds writes of two tenants');
			kept.forEach(checkId);
			return {
				docId,
				fields: JSON.stringify(fields),
				points: points.map(({ id, heading, page, order }) => ({
					id: id.toLowerCase(),
					heading,
					page,
					order,
				})),
				kept: kept.map((id) => id.toLowerCase()),
				reordered: reordered.map(({ id, order }) => ({ id: id.toLowerCase(), order })),
			};
		}),
	};
}

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function checkId(id: string): void {
	if (!uuidForm.test(id)) throw rejected('a point id is not a UUID');
}

export function checkVector(vector: Float32Array, dimensions: number): void {
	if (vector.length !== dimensions) {
		throw rejected(`a vector has ${vector.length} dimensions, the index ${dimensions}`);
	}
	// Numbers of 32 bits cannot overflow a sum of 64: it is finite exactly if all of them are.
	let sum = 0;
	for (let i = 0; i < vector.length; i += 1) sum += vector[i] as number;
	if (!Number.isFinite(sum)) throw rejected('a vector holds a number that is not finite');
}

function rejected(reason: string): DocDropError {
	return new DocDropError('index_rejected', `the vector index refused: ${reason}`);
}
