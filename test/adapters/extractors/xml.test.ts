import assert from 'node:assert/strict';
import { extractXml } from '../../../api/adapters/extractors/xml.ts';

const read = (xml: string) => extractXml(new TextEncoder().encode(xml));
const texts = (xml: string) => read(xml).blocks.map(({ text }) => text);

describe('extractXml', () => {
	it('gives each element with elements a paragraph of named lines, attributes included', () => {
		const xml = `<?xml version="1.0"?><!-- no --><catalog xmlns="urn:x">
			<book id="1"><author>Ada &amp; Bob</author><price currency="EUR">5</price></book>
			<book id="2"><author>Cleo</author><shop><name>Here</name><town>There</town></shop></book>
			<empty/></catalog>`;
		assert.deepEqual(texts(xml), [
			'book\nid: 1\nauthor: Ada & Bob\nprice: 5 (currency: EUR)',
			'book\nid: 2\nauthor: Cleo',
			'shop\nname: Here\ntown: There',
		]);
	});

	it('reads documents: titles are headings, text with marks in it is one text', () => {
		const long = 'A paragraph that is longer than a value. '.repeat(6).trim();
		const xml = `<article><title>Guide</title><para>${long}</para>
			<section><title>Part <i>one</i></title><para>Short <b>bold</b>, and <i>more <u>of</u> it</i>.</para>
			<note><b>First</b> then text</note></section></article>`;
		assert.deepEqual(read(xml), {
			title: 'Guide',
			blocks: [
				{ kind: 'heading', level: 1, text: 'Guide' },
				{ kind: 'paragraph', text: long },
				{ kind: 'heading', level: 2, text: 'Part one' },
				{ kind: 'paragraph', text: 'section\nShort bold, and more of it.\nnote: First then text' },
			],
		});
	});

	it('puts what the attributes of an element say below its heading', () => {
		assert.deepEqual(texts('<all><book id="7"><title>One</title><by>Ada</by></book></all>'), [
			'One',
			'book\nid: 7\nby: Ada',
		]);
	});

	it('expands no entity that the file defines, and reads no definition as text', () => {
		const laughs = `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">
			<!ENTITY file SYSTEM "file:///etc/passwd">]><lolz><a>&lol2;</a><b>&file;</b></lolz>`;
		assert.deepEqual(texts(laughs), ['lolz\na: &lol2;\nb: &file;']);
		assert.deepEqual(texts('<!DOCTYPE x [ never closed <x>text</x>'), []);
	});

	it('takes the encoding that the file names, and CDATA as text', () => {
		const bytes = Buffer.from(
			'<?xml version="1.0" encoding="windows-1251"?><a><b>\xec\xe8\xf0</b></a>',
			'latin1',
		);
		assert.deepEqual(
			extractXml(bytes).blocks.map(({ text }) => text),
			['b: мир'],
		);
		assert.deepEqual(texts('<a><b><![CDATA[1 < 2 & 3]]></b></a>'), ['b: 1 < 2 & 3']);
	});

	it('holds no more than so many open elements', () => {
		assert.deepEqual(texts(`${'<a>'.repeat(740_000)}text`), ['a: text']);
		assert.deepEqual(texts(`${'</a>'.repeat(100_000)}<b>text</b>`), ['b: text']);
		assert.ok(texts(`<a>${'<b>1</b>'.repeat(100_000)}</a>`).length > 50);
	});
});
