import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
	packAccept,
	packResults,
	unpackChanges,
	unpackLimits,
	unpackResults,
} from '../../../api/adapters/sqlite/accept-message.ts';
import type { AcceptResult } from '../../../api/domain/accept-result.ts';
import type { Change, Refusal } from '../../../api/domain/change.ts';

const word = fc.string({ maxLength: 6 });
const few = fc.constantFrom('a', 'b');
const content = fc.record({
	sha256: word,
	size: fc.nat(),
	body: fc.oneof(word, fc.uint8Array({ maxLength: 6 }), fc.record({ blob: word })),
});
/** Every field that a change may have: one that is forgotten on the way must not be forgotten here. */
const fields = {
	...{ jobId: word, tenant: few, docId: word, sourceId: few, epoch: few, meta: word, fingerprint: few },
	op: fc.constantFrom('put' as const, 'delete' as const, 'patch' as const),
	sourceName: fc.option(few),
	seq: fc.option(fc.nat()),
	takeOver: fc.boolean(),
	priority: fc.constantFrom('high' as const, 'normal' as const, 'low' as const),
	...{ windowMs: fc.nat(2), maxWaitMs: fc.constantFrom(5_000, Infinity) },
	content: fc.option(content),
	previous: fc.record({ jobId: word, tenant: few, docId: word }),
	where: fc.constantFrom({ op: 'exists' as const, field: 'a' }, { op: 'exists' as const, field: 'b' }),
} satisfies { readonly [name in keyof Required<Change>]: fc.Arbitrary<Change[name]> };
const change: fc.Arbitrary<Change> = fc.record(fields, {
	requiredKeys: [
		...(['jobId', 'tenant', 'docId', 'op', 'sourceId', 'epoch', 'sourceName', 'seq', 'takeOver'] as const),
		...(['priority', 'windowMs', 'maxWaitMs', 'content', 'meta', 'fingerprint'] as const),
	],
});
const refusal: fc.Arbitrary<Refusal> = fc.record({
	...{ jobId: word, tenant: few, docId: word, op: fc.constantFrom('put' as const, 'delete' as const) },
	refused: fc.record({ code: word, message: word }),
});
const taken = fc.oneof(
	...(['accepted', 'unchanged', 'stale'] as const).map((kind) =>
		fc.record({
			...{ kind: fc.constant(kind), version: fc.nat() },
			[{ accepted: 'superseded', unchanged: 'follows', stale: 'by' }[kind]]: fc.option(word),
		}),
	),
);
const result = fc.oneof(
	fc.record({ own: taken, previous: taken }, { requiredKeys: ['own'] }),
	fc.constant({ own: { kind: 'full' } }),
	fc.constant({ own: { kind: 'owned', owner: 'n8n', of: 'previous' } }),
);

describe('what an accept tells the thread of the store', () => {
	it('arrives as it was said', () => {
		fc.assert(
			fc.property(fc.array(fc.oneof({ weight: 4, arbitrary: change }, refusal)), (changes) => {
				const message = structuredClone(packAccept(changes, 7, { maxPending: 3, maxPendingBytes: Infinity }));
				assert.deepEqual(unpackChanges(message), structuredClone(changes));
				assert.equal(message[1], 7);
				assert.deepEqual(unpackLimits(message), { maxPending: 3, maxPendingBytes: Infinity });
			}),
		);
		const allowance = { tenants: new Map([['a', 2]]) };
		const message = packAccept([], 7, { maxPending: 3, maxPendingBytes: 4, allowance });
		assert.deepEqual(unpackLimits(structuredClone(message)).allowance, allowance);
	});

	it('is answered as the store has decided', () => {
		fc.assert(
			fc.property(fc.array(fc.tuple(change, result)), (pairs) => {
				const results = pairs.map(([{ jobId }, { own, ...previous }]) => ({
					...{ jobId, ...own },
					...('previous' in previous && { previous: { jobId: 'of the old name', ...previous.previous } }),
				})) as AcceptResult[];
				const changes = pairs.map(([one]) => one);
				assert.deepEqual(
					unpackResults(structuredClone(packResults(results)), changes),
					structuredClone(results),
				);
			}),
		);
	});
});
