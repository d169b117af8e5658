import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createDocEngine, type DocEngine } from '../../api/adapters/doc-store/doc-engine.ts';
import type { Tables } from '../../api/adapters/doc-store/tables.ts';
import type { Lease } from '../../api/ports/work-claims.ts';
import { del, put, refusal } from '../conformance/doc-store.ts';
import { createMemoryTables } from '../doubles/memory-doc-tables.ts';

const noBlobs = { path: (blob: string) => blob, remove: () => {} };
const noLimits = { maxPending: Infinity, maxPendingBytes: Infinity };

describe('a transaction that is undone', () => {
	it('takes back what it counted, and counts nothing anew', () => {
		let counted = 0;
		const tables = createMemoryTables();
		const counting = (name: 'counts' | 'progress' | 'queues' | 'refusalCounts') => () => {
			counted += 1;
			return tables[name]() as never;
		};
		const watched: Tables = {
			...tables,
			counts: counting('counts'),
			progress: counting('progress'),
			queues: counting('queues'),
			refusalCounts: counting('refusalCounts'),
		};
		const engine = createDocEngine({ tables: watched, blobs: noBlobs });
		engine.transaction(() => engine.accept([put('a', 'A'), refusal('r')], 1, noLimits));
		const before = JSON.stringify([engine.stats(), engine.progress(null, 1), engine.nextDueAt()]);
		counted = 0;
		const undone = () =>
			engine.transaction(() => {
				engine.accept([put('b', 'B'), put('c', 'C', { tenant: 't' }), refusal('s')], 1, noLimits);
				engine.claim({ now: 9_000, limit: 9, maxBytes: 1e9, leaseMs: 1_000 });
				throw new Error('the disk is full');
			});
		assert.throws(undone, /the disk is full/);
		const withoutZeros = (text: string) => text.replaceAll(/"\w+":0,?/g, '');
		const after = JSON.stringify([engine.stats(), engine.progress(null, 1), engine.nextDueAt()]);
		assert.equal(withoutZeros(after), withoutZeros(before));
		assert.equal(counted, 0);
	});

	it('leaves, like any other, what a start would count from the rows', () => {
		const step = fc.record({
			what: fc.constantFrom(
				'put',
				'delete',
				'refuse',
				'claim',
				'intend',
				'forget',
				'commit',
				'release',
				'fail',
				'sweep',
				'grant',
			),
			tenant: fc.constantFrom('a', 'b', 'c'),
			docId: fc.constantFrom('x', 'y'),
			size: fc.constantFrom(1, 5_000_000),
			isUndone: fc.boolean(),
		});
		fc.assert(
			fc.property(fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 25 }), (transactions) => {
				const tables = createMemoryTables();
				const engine = createDocEngine({ tables, blobs: noBlobs });
				let leases: Lease[] = [];
				let now = 1_000;
				for (const steps of transactions) {
					now += 400;
					const before = leases;
					try {
						engine.transaction(() => {
							for (const one of steps) leases = run(engine, one, leases, now);
							if (steps.some(({ isUndone }) => isUndone)) throw new Error('undone');
						});
					} catch (error) {
						assert.equal((error as Error).message, 'undone');
						leases = before;
					}
					sameAsStarted(engine, tables, now);
				}
			}),
			{ numRuns: 300 },
		);
	});
});

interface Step {
	readonly what: string;
	readonly tenant: string;
	readonly docId: string;
	readonly size: number;
}

/** Does one thing; the leases that are held after it. */
function run(engine: DocEngine, step: Step, leases: Lease[], now: number): Lease[] {
	const { what, tenant, docId, size } = step;
	const content = { sha256: String(now).padStart(64, '0'), size, body: 'x' };
	const [lease, ...others] = leases;
	switch (what) {
		case 'put':
			engine.accept([put(docId, 'x', { tenant, content })], now, noLimits);
			return leases;
		case 'delete':
			engine.accept([del(docId, { tenant })], now, noLimits);
			return leases;
		case 'refuse':
			engine.accept([refusal(docId, `at ${now}`, { tenant })], now, noLimits);
			return leases;
		case 'claim': {
			const claimed = engine.claim({ now, limit: 2, maxBytes: 1e9, leaseMs: 1e9, mostLarge: 1 });
			return [...leases, ...claimed.map((one) => one.lease)];
		}
		case 'grant':
			engine.grantCredits({ tenant, granted: size % 3 === 0 ? null : 5 });
			return leases;
		case 'sweep':
			engine.sweep({ now, tombstoneMs: 1_000, jobMs: 800, limit: 3 });
			return leases;
	}
	if (lease === undefined) return leases;
	if (what === 'intend') {
		engine.recordIntent([{ lease, added: [chunk(now), chunk(now + 1)], uncertain: [pointOf(now - 400)] }]);
		return leases;
	}
	if (what === 'forget') {
		engine.forget(lease, [pointOf(now - 399), pointOf(now - 800)]);
		return leases;
	}
	const error = { code: 'x', message: 'x' };
	if (what === 'commit') engine.commit([{ lease, manifest: size === 1 ? [] : 'intended', detail: {} }], now);
	else if (what === 'fail') engine.deadLetter([{ lease, error, present: [] }], now);
	else engine.release([{ lease, retryAt: now + 500, counted: true, error }], now);
	return others;
}

const pointOf = (n: number) => `00000000-0000-5000-8000-${n.toString(16).padStart(12, '0')}`;
const chunk = (n: number) => ({
	...{ pointId: pointOf(n), hash: 'aa'.repeat(32), order: `a${n}`, heading: null, page: null, text: 'x' },
});

function sameAsStarted(engine: DocEngine, tables: Tables, now: number): void {
	const started = createDocEngine({ tables, blobs: noBlobs });
	const countsOf = ({ stats }: DocEngine) => {
		const { leased: _none, jobs, ...counts } = stats();
		return { ...counts, jobs: Object.entries(jobs).filter(([, count]) => count > 0).toSorted() }; // prettier-ignore
	};
	assert.deepEqual(countsOf(engine), countsOf(started));
	for (const tenant of ['a', 'b', 'c', null]) {
		const figures = ({ progress }: DocEngine) => {
			const { documents, pending, failed } = progress(tenant, now);
			return { documents, pending, failed };
		};
		assert.deepEqual(figures(engine), figures(started), `of tenant ${tenant}`);
	}
	const tallies = ({ tally }: DocEngine) =>
		tally(['a', 'b', 'c']).map(({ least, most }) => ({ least, most }));
	assert.deepEqual(tallies(engine), tallies(started));
	assert.deepEqual(
		engine.creditLedgers({ after: '', limit: 9 }),
		started.creditLedgers({ after: '', limit: 9 }),
	);
	assert.equal(engine.nextDueAt() === null, started.nextDueAt() === null);
	let claimable = 0;
	// Undone, because a claim ends the jobs of lost leases in the tables that both engines have.
	const look = () =>
		started.transaction(() => {
			claimable = started.claim({ now, limit: 99, maxBytes: Infinity, leaseMs: 1 }).length;
			throw new Error('only looked');
		});
	assert.throws(look, /only looked/);
	const leased = engine.stats().leased;
	const free = claimable - leased;
	if (free > 0) assert.ok((engine.nextDueAt() ?? Infinity) <= now, 'nothing that is ready is overlooked');
}
