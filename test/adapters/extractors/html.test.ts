import assert from 'node:assert/strict';
import { extractHtml } from '../../../api/adapters/extractors/html.ts';

const read = (html: string, type = 'text/html') => {
	const { title, blocks } = extractHtml(new TextEncoder().encode(html), type);
	return { title, blocks };
};
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
				{ kind: 'item', level: 2, text: '1. deep' },
				{ kind: 'code', text: '  if a:\n\tb < c' },
				{ kind: 'row', text: 'Name | Value' },
				{ kind: 'row', text: 'x | 1 2', header: 'Name | Value' },
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
			<p>kept as it is content</p><div class="unrelated">and this</div><footer>© no</footer>`;
		assert.deepEqual(texts(html), ['kept as it is content', 'and this']);
		assert.equal(read(html).title, null);
	});

	it('reads chrome after all where it never ends or nothing else is there', () => {
		assert.deepEqual(texts('<nav>menu <p>the whole document'), ['menu', 'the whole document']);
		assert.deepEqual(texts('<p>first<nav>menu<p>all the rest'), ['first', 'menu', 'all the rest']);
		assert.deepEqual(texts('<footer><p>all there is</p></footer>'), ['all there is']);
		assert.deepEqual(texts('<button>a<p>b'), ['a', 'b']);
	});

	it('finds the main content by elements, roles, classes and ids', () => {
		const content = '<p>What the page is about, in a sentence or two that nobody would want to miss.</p>';
		const around = [
			'<header>Site name</header>',
			'<header><a>Site</a><nav>Menu</nav></header>',
			'<aside>Other news</aside>',
			'<form>Subscribe</form>',
			'<div role="complementary">More</div>',
			'<div role="search">Search</div>',
			'<div role="banner">Site</div>',
			'<div class="left-sidebar">Links</div>',
			'<div id="sidebar">Links</div>',
			'<ul class="breadcrumbs"><li>Home</ul>',
			'<div class="Related_Posts">Read on</div>',
			'<div id="cookie-consent">We use cookies</div>',
			'<div aria-hidden="true">decoration</div>',
			'<div class="page"><div id="footer">© 2020</div></div>',
		];
		const about = 'What the page is about, in a sentence or two that nobody would want to miss.';
		for (const html of around) assert.deepEqual(texts(html + content), [about], html);
		const inside = [
			'<main><header>By Jane</header></main>',
			'<article><header>By Jane</header></article>',
			'<article><footer>By Jane</footer></article>',
			'<blockquote>By <footer>Jane</footer></blockquote>',
			'<main><aside class="note">By Jane</aside></main>',
			'<header id="title-block-header">By Jane</header>',
			'<div class="has-sidebar">By Jane</div>',
			'<div class="card"><div class="footer">By Jane</div></div>',
		];
		for (const html of inside) assert.match(texts(html + content).join(' '), /By.*Jane/, html);
	});

	it('keeps the heading of a page that stands in its header', () => {
		const html = '<header><p>Site</p><h1>The subject</h1><p>menu</p></header><p>Text about the subject.</p>';
		assert.deepEqual(texts(html), ['The subject', 'Text about the subject.']);
	});

	it('reads all of a page of which the rules would leave little', () => {
		const form = `<form><p>${'The whole of it is within a form. '.repeat(20)}</p></form>`;
		assert.match(texts(`<p>Short.</p>${form}<nav>menu</nav>`).join(' '), /within a form.*menu/);
		const main = `<main><p>${'Long enough to be the content. '.repeat(10)}</p></main>`;
		assert.doesNotMatch(texts(`${main}<aside>${'Other things. '.repeat(200)}</aside>`).join(' '), /Other/);
		const nav = `<nav>${'An entry of the menu. '.repeat(100)}</nav>`;
		assert.deepEqual(texts(`${nav}<p>A short page.</p>`), ['A short page.']);
	});

	it('leaves out what is hidden', () => {
		const html = `<p hidden>a<p>shown</p><div style="color:red; display : none">b</div>
			<span style="visibility:hidden">c</span><div hidden="until-found">found</div>`;
		assert.deepEqual(texts(html), ['shown', 'found']);
		assert.deepEqual(texts('<p hidden>all there is'), ['all there is']);
	});

	it('keeps a button that a sentence speaks of', () => {
		assert.deepEqual(texts('<p>Press <button>Save changes</button> to store.</p><button>Copy</button>'), [
			'Press Save changes to store.',
		]);
		assert.deepEqual(texts('<pre>code<button>Copy</button></pre><h2>Head<button>#</button></h2>'), [
			'code',
			'Head',
		]);
	});

	it('keeps each value of a table in its column', () => {
		const rows = (html: string) => texts(`<table>${html}</table>`);
		assert.deepEqual(rows('<tr><th>Item<th>2023<th>2024<tr><td>Bolt<td><td>30<tr><td><td><td>'), [
			'Item | 2023 | 2024',
			'Bolt |  | 30',
		]);
		assert.deepEqual(rows('<tr><td rowspan=2>Europe<td>Berlin<tr><td>Paris<tr><td>Asia<td>Tokyo'), [
			'Europe | Berlin',
			'Europe | Paris',
			'Asia | Tokyo',
		]);
		assert.deepEqual(rows('<tr><td>a<td colspan=2>b<td>c<tr><td>1<td>2<td>3<td rowspan=9>4<tr><td>5'), [
			'a | b |  | c',
			'1 | 2 | 3 | 4',
			'5 |  |  | 4',
		]);
		assert.equal(rows(`<tr><td rowspan=99999 colspan=99999>x${'<tr><td>y'.repeat(3_000)}`).length, 3_001);
	});

	it('keeps the numbers of lists and where links lead', () => {
		assert.deepEqual(
			texts('<ol start=3><li>third<li>fourth<ul><li>sub</ul><li value=9>ninth<li>tenth</ol>'),
			['3. third', '4. fourth', 'sub', '9. ninth', '10. tenth'],
		);
		const html = `<p>See <a href="https://example.com/manual.pdf">the <b>manual</b></a>, <a href="/x">here</a>,
			<a href="https://example.com/">https://example.com/</a>, <a href="mailto:jo@example.com?subject=x">Jo</a>,
			<a href="javascript:go()">go</a>.</p><h2><a href="https://example.com/">Head</a></h2>`;
		assert.deepEqual(texts(html), [
			'See the manual (https://example.com/manual.pdf), here, https://example.com/, Jo (jo@example.com), go.',
			'Head',
		]);
	});

	it('reads a formula once, as it was written where that is known', () => {
		const tex = '<annotation encoding="application/x-tex">mc^2</annotation>';
		const parts = '<semantics><mrow><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup></mrow>';
		assert.deepEqual(texts(`<p>E = <math>${parts}${tex}</semantics></math>.</p>`), ['E = mc^2.']);
		assert.deepEqual(texts(`<p>E = <math>${parts}</semantics></math></p>`), ['E = mc2']);
		const twice = `<span class="katex-mathml"><math>${parts}${tex}</math></span><span aria-hidden="true">mc2</span>`;
		assert.deepEqual(texts(`<p>The famous E = ${twice}</p>`), ['The famous E = mc^2']);
	});

	it('keeps words whole that have a reading beside them, which follows', () => {
		const signs = '<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rp>(</rp><rt>じ</rt><rp>)</rp></ruby>';
		assert.deepEqual(texts(`<p>a ${signs}b`), ['a 漢字(かんじ)b']);
		assert.deepEqual(texts('<ruby><rb>漢字<rt>か&#x3093;じ</ruby>を<ruby>読<rt></rt></ruby>む'), [
			'漢字(かんじ)を読む',
		]);
		assert.deepEqual(texts('<ruby>漢<rt>かん<p>never closed'), ['漢', 'never closed']);
	});

	it('keeps a sentence whole of which a style sets a part in a box of its own', () => {
		const box = (style: string) => `shares at $<div style="${style}"><div>5.22</div></div> each`;
		assert.deepEqual(texts('<div>at $<div style="display:inline"><b>5.22</b></div> each</div>end'), [
			'at $5.22 each',
			'end',
		]);
		assert.deepEqual(texts(box('color:red;DISPLAY : inline')), ['shares at $', '5.22', 'each']);
		assert.deepEqual(texts(box('display:inline-block').replaceAll('<div>', '').replace('</div>', '')), [
			'shares at $',
			'5.22',
			'each',
		]);
	});

	it('tells which boxes are ticked, beside their words', () => {
		assert.deepEqual(
			texts(
				'<ul><li><input type=checkbox checked disabled> Done<li><input type="checkbox">Open</ul><input type=checkbox id=menu>',
			),
			['[x] Done', '[ ] Open'],
		);
	});

	it('takes out the marks of a possible break', () => {
		assert.deepEqual(texts('<p>infor&shy;mation&#x200b;al</p>'), ['informational']);
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
		const late = latin(
			`<style>${'a{}'.repeat(15_000)}</style><!-- <meta charset=gbk> --><meta charset=koi8-r>`,
		);
		assert.equal(extractHtml(late).blocks.at(-1)?.text, 'Э');
		assert.equal(extractHtml(late).charset, 'koi8-r');
		const declared = extractHtml(latin('<meta charset="iso-8859-2">'), 'text/html', 'windows-1251');
		assert.equal(declared.blocks.at(-1)?.text, 'ь');
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
			'<meta '.repeat(200_000),
			'<tr><td rowspan=9999>'.repeat(60_000),
			'<a href=http://x>'.repeat(100_000),
			'<header><h1>'.repeat(60_000),
			`<p class="${'a-'.repeat(200_000)}">`,
		];
		for (const html of hostile) read(`${html}"x`);
		assert.ok(process.cpuUsage(started).user < 12_000_000);
	});
});
