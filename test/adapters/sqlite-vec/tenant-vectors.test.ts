import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
	createResidentVectors,
	type TenantState,
} from '../../../api/adapters/sqlite-vec/resident-vectors.ts';
import { createTenantVectors, type TenantVectors } from '../../../api/adapters/sqlite-vec/tenant-vectors.ts';
import { createVectorBlocks } from '../../../api/adapters/sqlite-vec/vector-blocks.ts';
import type { VectorChange } from '../../../api/adapters/sqlite-vec/vector-changes.ts';

/** So long that a block has 15 of them. */
const dimensions = 4_096;
const page = 65_536;

const vectorOf = (value: number) => new Int8Array(dimensions).fill(value, 0, 1);
const zeros = new Int8Array(dimensions);

/** Rows and the first numbers of their vectors, of all that there are, or of `rows`. */
const allOf = (vectors: TenantVectors, rows: Float64Array | null = null) =>
	vectors
		.nearest(zeros, { limit: 1_000, rows })
		.map(({ row, vector }) => [row, vector[0] as number] as const)
		.toSorted(([a], [b]) => a - b);

describe('the vectors of a tenant in memory', () => {
	/** Rows as SQLite numbers them: a new one is one more than the last of all that are there. */
	const steps = fc.array(
		fc.record({ what: fc.constantFrom('add', 'add', 'change', 'drop', 'drop'), which: fc.nat(), value: fc.integer({ min: 1, max: 9 }) }), // prettier-ignore
		{ maxLength: 150 },
	);

	it('are what was put and not dropped since, in few blocks', () => {
		fc.assert(
			fc.property(steps, (all) => {
				const memory = createVectorBlocks(dimensions, 50 * page);
				const vectors = createTenantVectors(memory, [], new Float64Array(0));
				const model = new Map<number, number>();
				const another = () => memory.take(1)?.[0];
				for (const { what, which, value } of all) {
					const rows = [...model.keys()];
					const row = what === 'add' ? Math.max(0, ...rows) + 1 : rows[which % rows.length];
					if (row === undefined) continue;
					if (what === 'drop') vectors.drop(row);
					else assert.equal(vectors.put(row, vectorOf(value), another), true);
					if (what === 'drop') model.delete(row);
					else model.set(row, value);
				}
				const expected = [...model].toSorted(([a], [b]) => a - b);
				assert.deepEqual(allOf(vectors), expected);
				const some = Float64Array.from([...model.keys(), 1_000, 0.5].filter((row) => row % 3 !== 0)).sort();
				assert.deepEqual(
					allOf(vectors, some),
					expected.filter(([row]) => row % 3 !== 0),
				);
				const taken = memory.most - memory.free();
				assert.ok(taken <= Math.ceil((2 * model.size) / memory.size), `${taken} blocks for ${model.size}`);
				vectors.release();
				assert.equal(memory.free(), memory.most);
			}),
			{ numRuns: 60 },
		);
	});

	it('have no place for a row that comes before others and was not there', () => {
		const memory = createVectorBlocks(dimensions, 9 * page);
		const vectors = createTenantVectors(memory, memory.take(1) ?? [], Float64Array.of(3, 7));
		vectors.fill(7, vectorOf(1));
		vectors.fill(3, vectorOf(2));
		const another = () => assert.fail('there is room');
		assert.equal(vectors.put(5, vectorOf(3), another), false);
		assert.equal(vectors.put(8, vectorOf(3), another), true);
		assert.deepEqual(allOf(vectors), [[3, 2], [7, 1], [8, 3]]); // prettier-ignore
	});

	it('find the nearest in every block', () => {
		const memory = createVectorBlocks(dimensions, 9 * page);
		const rows = Float64Array.from({ length: 100 }, (_, at) => at + 1);
		const vectors = createTenantVectors(memory, memory.take(7) ?? [], rows);
		for (const row of rows) vectors.fill(row, vectorOf(row));
		const near = vectors.nearest(vectorOf(50), { limit: 3, rows: null }).map(({ row }) => row);
		assert.deepEqual(near.toSorted(), [49, 50, 51]);
	});
});

describe('vectors in memory', () => {
	/** A file whose tenants have as many vectors as their numbers say; and which of them were read. */
	function fileOf(sizes: Record<number, number>) {
		const read: number[] = [];
		const rowsOf = (tenant: number) => Float64Array.from({ length: sizes[tenant] ?? 0 }, (_, at) => at + 1);
		const stored = (tenant: number) => ({
			rows: rowsOf(tenant),
			each(take: (row: number, vector: Int8Array) => void) {
				read.push(tenant);
				for (const row of rowsOf(tenant)) take(row, vectorOf(tenant));
			},
		});
		const state = (tenant: number, edition = 0): TenantState => ({
			tenant,
			edition,
			points: sizes[tenant] ?? 0,
		});
		return { stored, read, state };
	}
	const change = (tenant: number, edition: number, row: number, value: number): VectorChange => ({
		...{ tenant, edition, rows: [row], vectors: value === 0 ? zeros : vectorOf(value) },
	});
	function readyOf(found: TenantVectors | 'behind' | 'unfit'): TenantVectors {
		assert.ok(typeof found !== 'string', 'the tenant is not in memory');
		return found;
	}

	it('are loaded when they are asked for, and make room for others when nobody asked for long', () => {
		const { stored, read, state } = fileOf({ 1: 15, 2: 15, 3: 15, 4: 46 });
		const resident = createResidentVectors({ stored, dimensions, maxBytes: 4 * page });
		for (const tenant of [1, 2, 3, 1]) readyOf(resident.of(state(tenant)));
		assert.deepEqual(read, [1, 2, 3]);
		// A fourth block there is not; of three the one that was asked for longest ago is the second tenant's.
		assert.equal(resident.of(state(4)), 'unfit');
		resident.forget(3);
		readyOf(resident.of(state(3)));
		readyOf(resident.of(state(1)));
		assert.deepEqual(read, [1, 2, 3, 3]);
		const { stored: more, read: readMore, state: of } = fileOf({ 1: 15, 2: 15, 3: 15, 5: 16 });
		const small = createResidentVectors({ stored: more, dimensions, maxBytes: 4 * page });
		for (const tenant of [1, 2, 3, 1, 5, 1]) readyOf(small.of(of(tenant)));
		assert.deepEqual(readMore, [1, 2, 3, 5]);
		assert.deepEqual(allOf(readyOf(small.of(of(1)))).length, 15);
		readyOf(small.of(of(2)));
		assert.deepEqual(readMore, [1, 2, 3, 5, 2]);
	});

	it('follow each change once, and none that loading has seen', () => {
		const { stored, read, state } = fileOf({ 1: 2 });
		const resident = createResidentVectors({ stored, dimensions, maxBytes: 9 * page });
		resident.follow([change(1, 1, 1, 5)]);
		const vectors = readyOf(resident.of(state(1, 4)));
		resident.follow([change(1, 3, 1, 5), change(1, 4, 1, 6), change(2, 1, 1, 7)]);
		assert.deepEqual(allOf(vectors), [[1, 1], [2, 1]]); // prettier-ignore
		assert.equal(resident.of(state(1, 6)), 'behind');
		resident.follow([change(1, 5, 3, 8), change(1, 6, 1, 0)]);
		assert.equal(resident.of(state(1, 6)), vectors);
		assert.deepEqual(allOf(vectors), [[2, 1], [3, 8]]); // prettier-ignore
		assert.deepEqual(read, [1]);
	});

	it('are loaded anew where they cannot follow', () => {
		const { stored, read, state } = fileOf({ 1: 15, 2: 15 });
		const resident = createResidentVectors({ stored, dimensions, maxBytes: 3 * page });
		const again = (lost: () => void) => {
			readyOf(resident.of(state(1)));
			read.length = 0;
			lost();
			assert.equal(allOf(readyOf(resident.of(state(1)))).length, 15);
			assert.deepEqual(read, [1]);
		};
		// One that is missing; a place that is not there; and no room for one more.
		again(() => resident.follow([change(1, 2, 16, 1)]));
		again(() => resident.follow([change(1, 1, 0.5, 1)]));
		resident.forget(1);
		const tight = createResidentVectors({ stored, dimensions, maxBytes: 2 * page });
		readyOf(tight.of(state(1)));
		tight.follow([change(1, 1, 16, 1)]);
		assert.equal(allOf(readyOf(tight.of(state(1)))).length, 15);
	});

	it('are as many as the file has, whatever it says of their number', () => {
		const { stored } = fileOf({ 1: 40 });
		const resident = createResidentVectors({ stored, dimensions, maxBytes: 9 * page });
		assert.equal(allOf(readyOf(resident.of({ tenant: 1, edition: 0, points: 3 }))).length, 40);
		const small = createResidentVectors({ stored, dimensions, maxBytes: 3 * page });
		assert.equal(small.of({ tenant: 1, edition: 0, points: 3 }), 'unfit');
	});

	it('make room for a tenant that grows, which stays', () => {
		const { stored, read, state } = fileOf({ 1: 15, 2: 15 });
		const resident = createResidentVectors({ stored, dimensions, maxBytes: 3 * page });
		readyOf(resident.of(state(1)));
		readyOf(resident.of(state(2)));
		resident.follow([change(1, 1, 16, 3)]);
		assert.equal(allOf(readyOf(resident.of(state(1, 1)))).length, 16);
		assert.deepEqual(read, [1, 2]);
	});
});
