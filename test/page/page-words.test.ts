import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FolderView, Overview } from '../../api/contract/overview-schema.ts';
import { docIdOf } from '../../api/page/doc-id-of.ts';
import { eventReader } from '../../api/page/event-reader.ts';
import { ago, bytes, count, dateTime, duration, number } from '../../api/page/figures.ts';
import { filterOf } from '../../api/page/filter-of.ts';
import { isMoving, stagesOf } from '../../api/page/flow-stages.ts';
import { pieces, scoreParts } from '../../api/page/hit-words.ts';
import { headline, troubles } from '../../api/page/overview-words.ts';
import { beginOf, nearest, placed, width } from '../../api/page/plot-places.ts';
import { progressWords } from '../../api/page/progress-words.ts';
import { createFigureHistory, foldSamples } from '../../api/http/figure-history.ts';

const progress = {
	...{ tenant: null, total: 10, processed: 10, pending: 0, failed: 0, refused: 0, percent: 100 },
	...{ filesPerMinute: 0, secondsLeft: 0 },
};
const folder: FolderView = {
	...{ sourceId: 's', tenant: 't', workflow: null, label: 'inbox', mode: 'watch', files: 3, bytes: 9 },
	...{ pending: 0, inFlight: 0, failedCount: 0, failed: [], restless: [], skippedCount: 0, skipped: [] },
	...{ unreadable: [], verifiedAt: '2026-01-01T00:00:00.000Z', isDelivered: true, held: null },
	...{ canRelease: false, trouble: null },
};
const lanes: NonNullable<Overview['lanes']> = {
	...{ level: 'ok', waitMeanMs: 0, waitMaxMs: 0, processingMeanMs: 0, documentsPerSecond: 0, contended: [] },
};
const check = { checkedAt: null, unmended: 0, error: null, tenants: 1, written: 0, removed: 0 };
const well: Overview = {
	...{ version: '1', tenant: null, defaultTenant: 'default', progress, oldestPendingSeconds: 0 },
	...{ pendingBytes: 0, inWork: 0, chunks: 30, saved: { superseded: 0, unchanged: 0 }, alerts: [] },
	...{ lanes, memoryBytes: 1 },
	index: { kind: 'sqlite-vec', breaker: 'closed', check: null },
	embedder: { model: 'm', breaker: 'closed', fault: null },
	...{ folders: [folder], moreFolders: 0, tenants: [], moreTenants: false },
};
const tones = (overview: Overview) => stagesOf(overview).map(({ tone }) => tone);

describe('the words of the page', () => {
	it('say of a well index that it is, and name nothing to look at', () => {
		assert.deepEqual(headline(well), {
			tone: 'ok',
			text: 'The index is up to date',
			more: '10 documents, nothing waits.',
		});
		assert.deepEqual(troubles(well), []);
		assert.deepEqual(tones(well), ['ok', 'ok', 'ok', 'ok', 'ok']);
		assert.equal(isMoving(well), false);
	});

	it('say what waits, and that nothing moves where nothing does', () => {
		const waiting = { ...progress, pending: 4, processed: 6, filesPerMinute: 60, secondsLeft: 4 };
		assert.equal(headline({ ...well, progress: waiting }).text, '4 documents on the way');
		assert.equal(isMoving({ ...well, progress: waiting }), true);
		const still = { ...waiting, filesPerMinute: 0, secondsLeft: null };
		assert.match(headline({ ...well, progress: still }).more ?? '', /Nothing moves/);
		assert.equal(stagesOf({ ...well, progress: still })[1]?.state, 'standing still');
		const seen = { ...folder, pending: 2 };
		assert.equal(headline({ ...well, folders: [seen] }).text, '2 files on the way');
		const empty = { ...progress, total: 0, processed: 0 };
		assert.equal(headline({ ...well, progress: empty }).text, 'Nothing here yet');
	});

	it('name everything that a person should look at, each once', () => {
		const ill: Overview = {
			...well,
			progress: { ...progress, pending: 3, secondsLeft: 9, failed: 2, refused: 1 },
			alerts: ['pending', 'errors'],
			lanes: { ...lanes, level: 'alert', waitMeanMs: 1_200 },
			index: {
				...{ kind: 'qdrant', breaker: 'open' },
				check: { ...check, state: 'unsound' },
			},
			embedder: {
				...{ model: 'm', breaker: 'closed' },
				fault: { code: 'embedder_forbidden', message: 'the embedder refuses the key', since: '' },
			},
			folders: [{ ...folder, held: { count: 7, reason: 'much went' } }],
		};
		assert.deepEqual(
			troubles(ill).map(({ text }) => text),
			[
				'The vector index does not answer.',
				'Documents wait for the embedder.',
				'The index lost something that could not be mended yet.',
				'7 deletions paused in inbox.',
				'2 documents could not be taken in.',
				'1 change refused for good.',
				'Much waits in the queue.',
				'Much fails at the moment.',
				'Documents wait for their turn to be written.',
			],
		);
		assert.deepEqual(tones(ill), ['warn', 'busy', 'bad', 'warn', 'bad']);
		for (const state of ['newer', 'mending'] as const) {
			const index = { ...well.index, check: { ...check, state } };
			assert.equal(troubles({ ...well, index }).length, 1, state);
		}
		const away = { ...well.embedder, breaker: 'half-open' } as const;
		assert.match(troubles({ ...well, embedder: away })[0]?.text ?? '', /embedder does not answer/);
	});

	it('say how far a tenant is', () => {
		const tenant = { ...progress, tenant: 'acme' };
		assert.equal(progressWords(tenant), '10 documents · nothing waits');
		assert.equal(
			progressWords({ ...tenant, pending: 4, failed: 1, filesPerMinute: 30, secondsLeft: 90 }),
			'6 of 10 documents · 30 a minute · 2 min left · 1 failed',
		);
		assert.match(progressWords({ ...tenant, pending: 4, secondsLeft: null }), /nothing moves/);
	});

	it('are figures as people read them', () => {
		assert.deepEqual(
			[number(1_234.5), number(0.25), count(1, 'file'), count(2_000, 'file'), bytes(999), bytes(1_500)],
			['1,235', '0.3', '1 file', '2,000 files', '999 B', '1.5 kB'],
		);
		assert.deepEqual([bytes(999_600), bytes(320_000_000), bytes(2e12)], ['1 MB', '320 MB', '2,000 GB']);
		assert.deepEqual([0, 59, 61, 3_600, 5_400, 200_000].map(duration), [
			'under 1 s',
			'59 s',
			'1 min',
			'1 h',
			'1 h 30 min',
			'2 days',
		]);
		const now = Date.parse('2026-01-01T00:10:00Z');
		assert.deepEqual(
			[ago('2026-01-01T00:00:00Z', now), ago('2026-01-01T00:10:03Z', now), ago('never', now)],
			['10 min ago', 'just now', 'at an unknown time'],
		);
		assert.equal(dateTime('never'), 'at an unknown time');
	});

	it('mark what is marked, and lose and double nothing of a text, whatever places come', () => {
		assert.deepEqual(pieces('an otter', [{ start: 3, end: 8 }]), [
			{ text: 'an ', isMarked: false },
			{ text: 'otter', isMarked: true },
		]);
		const place = fc.record({
			start: fc.integer({ min: -2, max: 20 }),
			end: fc.integer({ min: -2, max: 20 }),
		});
		fc.assert(
			fc.property(fc.string({ maxLength: 15 }), fc.array(place), (text, places) => {
				assert.equal(
					pieces(text, places)
						.map((piece) => piece.text)
						.join(''),
					text,
				);
			}),
		);
		assert.equal(
			scoreParts({ explain: { text: { rank: 2, score: 0.5 }, dense: null } }),
			'By words: place 2 (0.50) · by meaning: not in the list',
		);
	});

	it('make a filter of what was typed, and a name of a file and its folder', () => {
		const none = { folder: ' ', type: '', json: '' };
		assert.equal(filterOf(none), null);
		assert.deepEqual(filterOf({ ...none, type: 'text/plain' }), { mimeType: 'text/plain' });
		assert.deepEqual(filterOf({ folder: 'a/', type: '', json: '{"year": 1}' }), {
			and: [{ path: { prefix: 'a/' } }, { year: 1 }],
		});
		assert.throws(() => filterOf({ ...none, json: '{' }), SyntaxError);
		assert.deepEqual([docIdOf('', 'a.md'), docIdOf(' /hand/book// ', 'a.md')], ['a.md', 'hand/book/a.md']);
	});
});

describe('what the page is told', () => {
	it('is the same however the stream was cut', () => {
		const sent = ['{"a":1}', '{"b":"ü"}', '{}'];
		const stream = sent.map((data) => `data: ${data}\n\n:\n\n`).join('');
		fc.assert(
			fc.property(fc.array(fc.integer({ min: 0, max: stream.length })), (cuts) => {
				const told: string[] = [];
				const read = eventReader((data) => told.push(data));
				const at = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
				for (const [index, from] of at.entries()) read(stream.slice(from, at[index + 1] ?? from));
				assert.deepEqual(told, sent);
			}),
		);
	});

	it('stands in a plot between the beginning and now', () => {
		const points = [10, 20, 400].map((at) => ({ at: at * 1_000, value: at }));
		const to = 400_000;
		const from = beginOf(points, 0, to);
		assert.equal(from, 10_000);
		const places = placed(points, { from, to });
		assert.deepEqual([places[0]?.[0], places.at(-1)?.[0]], [0, width]);
		assert.equal(beginOf([], 0, to), 0);
		assert.equal(beginOf(points.slice(2), 0, to), 100_000, 'not so short that it jumps');
		assert.deepEqual([nearest(points, 14_000), nearest(points, 16_000), nearest([], 1)], [0, 1, null]);
	});

	it('is an hour of samples, and a day of what they were together', () => {
		const sample = (at: number) => ({ at, perMinute: at % 2, pending: at, failed: 0, memoryBytes: 5 });
		const history = createFigureHistory();
		for (let at = 1; at <= 1_000; at += 1) history.add(sample(at));
		const { hour, day } = history.view();
		assert.deepEqual([hour.length, hour[0]?.at, hour.at(-1)?.at], [360, 641, 1_000]);
		assert.deepEqual([day.length, day[0]?.at, day.at(-1)?.at], [42, 24, 1_000]);
		assert.deepEqual(day[0], { at: 24, perMinute: 0.5, pending: 24, failed: 0, memoryBytes: 5 });
		assert.equal(foldSamples([]).pending, 0);
	});
});
