import assert from 'node:assert/strict';
import { extractJson, jsonLineBlocks } from '../../../api/adapters/extractors/json.ts';

const read = (json: string) => extractJson(new TextEncoder().encode(json));
const texts = (json: string) => read(json).blocks.map(({ text }) => text);

describe('extractJson', () => {
	it('gives each value the path that leads to it, and each outermost member a paragraph', () => {
		const json = JSON.stringify({
			title: 'Fleet',
			owner: { name: 'Ada', address: { city: 'London', code: 17 } },
			ships: [
				{ name: 'Argo', crew: ['Jason', 'Orpheus'] },
				{ name: 'Beagle', launched: null, sunk: false },
			],
		});
		assert.deepEqual(read(json), {
			title: 'Fleet',
			blocks: [
				'title: Fleet\nowner.name: Ada\nowner.address.city: London\nowner.address.code: 17',
				'ships.name: Argo\nships.crew: Jason, Orpheus',
				'ships.name: Beagle\nships.launched: null\nships.sunk: false',
			].map((text) => ({ kind: 'paragraph', text })),
		});
	});

	it('keeps numbers as they are written, and text as it is meant', () => {
		assert.deepEqual(texts('{"id": 12345678901234567890, "tiny": 1e-400}'), [
			'id: 12345678901234567890\ntiny: 1e-400',
		]);
		assert.deepEqual(texts(String.raw`{"a": "say \"hi\"\nthere \u00fc", "b": "c:\\"}`), [
			'a: say "hi"\nthere ü\nb: c:\\',
		]);
	});

	it('reads what a strict parser refuses: comments, trailing commas, bare keys, a file that was cut off', () => {
		assert.deepEqual(texts(`{ // the name\n "a": 1, /* and */ b: 'it\\'s', "c": [2,], }`), [
			"a: 1\nb: it's\nc: 2",
		]);
		assert.deepEqual(texts('{"list": [{"a": "first"}, {"a": "second, which is cut o'), [
			'list.a: first',
			'list.a: second, which is cut o',
		]);
		assert.deepEqual(texts('"only a text"'), ['only a text']);
		assert.deepEqual(texts('{"a": tru\\e}}}]] , "x"'), ['a: tru\\e\nx']);
	});

	it('keeps the path of the elements behind one that was inserted', () => {
		const before = texts('[{"a":{"b":1}},{"a":{"b":2}}]');
		assert.deepEqual(texts('[{"a":{"b":0}},{"a":{"b":1}},{"a":{"b":2}}]').slice(1), before);
	});

	it('holds nothing but the path of what is nested without end', () => {
		const deep = texts(`${'['.repeat(2_000_000)}"bottom"${']'.repeat(2_000_000)}`);
		assert.deepEqual(deep, ['bottom']);
		const lines = texts(`${'{"key":'.repeat(200_000)}"bottom"`);
		for (const text of lines) assert.match(text, /^(?:key\.){31}key: key, /);
		assert.ok(lines.at(-1)?.endsWith(', bottom'));
	});

	it('takes any one string of many megabytes, whatever is in it', () => {
		for (const filling of ['x', '\\\\', '\\"', '\n']) {
			const long = filling.repeat(4_000_000 / filling.length);
			assert.equal(texts(`{"a":"${long}","b":1}`).at(-1)?.endsWith('b: 1'), true, JSON.stringify(filling));
		}
	});

	it('ends a paragraph of many values', () => {
		const blocks = texts(
			JSON.stringify({ all: Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`k${n}`, n])) }),
		);
		assert.ok(blocks.length > 10);
		assert.ok(blocks.every((text) => text.length < 6_000));
	});
});

describe('jsonLineBlocks', () => {
	it('leave lines of plain words as they are', () => {
		const lines = [
			'Server started: port 80, "quiet"',
			'{"a": 1}',
			'2026-11-30 10:00 INFO x',
			' -1.5e3 ',
			'},',
			'true',
		];
		assert.deepEqual(
			[...jsonLineBlocks(lines)].map(({ text }) => text),
			['Server started: port 80, "quiet"', 'a: 1', '2026-11-30 10:00 INFO x', '-1.5e3', 'true'],
		);
	});

	it('gives each line a paragraph', () => {
		const lines = ['{"a":1,"b":{"c":"x"}}', '', '[1,2]', 'no JSON at all', '{"a":'];
		assert.deepEqual(
			[...jsonLineBlocks(lines)].map(({ text }) => text),
			['a: 1\nb.c: x', '1, 2', 'no JSON at all'],
		);
	});
});
