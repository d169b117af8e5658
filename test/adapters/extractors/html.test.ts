import assert from 'node:assert/strict';
import { extractHtml } from '../../../api/adapters/extractors/html.ts';

const read = (html: string, type = 'text/html') => extractHtml(new TextEncoder().encode(html), type);
const texts = (html: string, type?: string) => read(html, type).blocks.map((block) => block.text);

describe('extractHtml', () => {
	it('gives headings, paragraphs, items, code and table rows', () => {
		const html = `<!DOCTYPE html><html><head><title>Page &mdash;
			Site</title><style>p{}</style></head><body>
			<h1>Title<a class="headerlink" href="#t">¶</a></h1>
			<p>One <b>bold</b>
			   word&nbsp;&amp; &#x1F600;.<br>Next line.</p> loose text
			<ul><li>one<li><p>two</p><ol><li>deep</li></ol></li></ul>
			<pre>  if a:
\tb &lt; c</pre>
			<table><thead><tr><th>Name</th><th>Value</th></tr></thead><tbody><tr><td><p>x</p></td><td>1 <i>2</i></td></tr></table>
			<dl><dt>term<dd>meaning</dl><img src=x alt="a picture"></body></html>`;
		assert.deepEqual(read(html), {
			title: 'Page — Site',
			blocks: [
				{ kind: 'heading', level: 1, text: 'Title' },
				{ kind: 'paragraph', text: 'One bold word & 😀.\nNext line.' },
				{ kind: 'paragraph', text: 'loose text' },
				{ kind: 'item', level: 1, text: 'one' },
				{ kind: 'item', level: 1, text: 'two' },
				{ kind: 'item', level: 2, text: 'deep' },
				{ kind: 'code', text: '  if a:\n\tb < c' },
				{ kind: 'row', text: 'Name | Value' },
				{ kind: 'row', text: 'x | 1 2' },
				{ kind: 'paragraph', text: 'term' },
				{ kind: 'paragraph', text: 'meaning' },
				{ kind: 'paragraph', text: 'a picture' },
			],
		});
	});

	it('leaves out scripts and chrome', () => {
		const html = `<nav><div>menu<nav>inner</nav>more</div></nav><div class="related x"><div>rel</div>bar</div>
			<aside role="navigation">aside</aside><script>if (a < b) document.write("<p>no</p>")</script>
			<template><p>no</p></template><noscript>no</noscript><svg><title>no</title><style/><text>no</text></svg>
			<div class="sphinxsidebar">side</div><button>Copy</button><select><option>no</select>
			<p>kept</p><aside>also kept</aside><div class="unrelated">and this</div><footer>© no</footer>`;
		assert.deepEqual(texts(html), ['kept', 'also kept', 'and this']);
		assert.equal(read(html).title, null);
	});

	it('reads chrome after all where it never ends or nothing else is there', () => {
		assert.deepEqual(texts('<nav>menu <p>the whole document'), ['menu', 'the whole document']);
		assert.deepEqual(texts('<p>first<nav>menu<p>all the rest'), ['first', 'menu', 'all the rest']);
		assert.deepEqual(texts('<footer><p>all there is</p></footer>'), ['all there is']);
		assert.deepEqual(texts('<button>a<p>b'), ['a', 'b']);
	});

	it('takes the title from the first heading where there is no title', () => {
		assert.equal(read('<h2>Second</h2><h1>First</h1>').title, 'First');
		assert.equal(read('<title> </title><h3>Only</h3>').title, 'Only');
	});

	it('reads tables that are there for their layout as text', () => {
		const html = '<table><tr><td>left<td><h2>Head</h2><p>one<p>two<table><tr><td>a<td>b</table></table>after';
		assert.deepEqual(read(html).blocks, [
			{ kind: 'row', text: 'left' },
			{ kind: 'heading', level: 2, text: 'Head' },
			{ kind: 'paragraph', text: 'one' },
			{ kind: 'paragraph', text: 'two' },
			{ kind: 'row', text: 'a | b' },
			{ kind: 'paragraph', text: 'after' },
		]);
	});

	it('keeps words apart that blocks keep apart, and together what only tags part', () => {
		assert.deepEqual(texts('<div>a</div><div>b</div>c<span>d</span>e <i> f </i> g'), ['a', 'b', 'cde f g']);
		assert.deepEqual(texts('<table><tr><td>a<div>b</div>c</table>'), ['a b c']);
		assert.deepEqual(texts('<pre>a<div>b</div>c</pre>'), ['a\nb\nc']);
	});

	it('ends a heading that was never closed at the next block', () => {
		assert.deepEqual(
			read('<h1>Head<p>text').blocks.map((block) => block.kind),
			['heading', 'paragraph'],
		);
		assert.deepEqual(read('<h1><div>Head</div></h1>x').blocks[0], {
			kind: 'heading',
			level: 1,
			text: 'Head',
		});
	});

	it('takes the charset from byte order mark, meta or XML declaration, else guesses', () => {
		const latin = (head: string) => Buffer.from(`${head}<p>\xfc`, 'latin1');
		const cases: [Uint8Array, string][] = [
			[latin('<meta charset="iso-8859-2">'), 'ü'],
			[latin('<META http-equiv=x content="text/html; charset=koi8-r">'), 'Э'],
			[latin('<?xml version="1.0" encoding="windows-1251"?>'), 'ь'],
			[latin(''), 'ü'],
			[latin('<meta charset="no-such-thing">'), 'ü'],
			[latin('<meta charset="utf-16">'), 'ü'],
			[
				new TextEncoder().encode('<meta charset="koi8-r">\ufeff'.slice(23) + '<meta charset="koi8-r"><p>ü'),
				'ü',
			],
			[Buffer.from('\ufeff<p>ü', 'utf16le'), 'ü'],
		];
		for (const [bytes, text] of cases) assert.equal(extractHtml(bytes).blocks.at(-1)?.text, text);
	});

	it('takes XHTML at its word: empty elements and CDATA', () => {
		const xhtml =
			'<html xmlns="x"><head><title/><script src="a"/></head><body><nav/><p>a</p><div/><![CDATA[b < c]]></body></html>';
		assert.deepEqual(texts(xhtml, 'application/xhtml+xml'), ['a', 'b < c']);
	});

	it('takes time in proportion to hostile files, and no stack', () => {
		const started = process.cpuUsage();
		const hostile = [
			'<div>'.repeat(300_000),
			'<b>'.repeat(150_000) + '</i>'.repeat(150_000),
			'<ul><li>'.repeat(100_000),
			'<table><tr><td>'.repeat(70_000),
			'<nav>'.repeat(200_000),
			'<form>'.repeat(200_000),
			'<a b="'.repeat(200_000),
			'<'.repeat(1_000_000),
			'&'.repeat(1_000_000),
			'&am'.repeat(300_000),
			'<!--'.repeat(300_000),
			'<h1>'.repeat(200_000),
			`<p ${'a=1 '.repeat(300_000)}>`,
			'a '.repeat(1_000_000),
			'</p>'.repeat(200_000),
			'<br>'.repeat(200_000),
		];
		for (const html of hostile) read(`${html}"x`);
		assert.ok(process.cpuUsage(started).user < 12_000_000);
	});
});
