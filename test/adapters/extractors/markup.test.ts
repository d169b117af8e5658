import assert from 'node:assert/strict';
import { extractAsciidoc } from '../../../api/adapters/extractors/asciidoc.ts';
import { extractMdx } from '../../../api/adapters/extractors/mdx.ts';
import { extractOrg } from '../../../api/adapters/extractors/org.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('extractAsciidoc', () => {
	it('gives headings, paragraphs, items, code and rows', () => {
		const text = `= Guide
Ada Author
:toc:

// no
[[first]]
== First part

A https://example.org[link] and
more, see <<first,the part>>.

.Titled
* one
** two
[source,c]
----
int x;

== no heading
----
|===
|Name |Value
|a 2+|b
|===
////
gone
////
the end`;
		assert.deepEqual(extractAsciidoc(bytes(text)), {
			title: 'Guide',
			blocks: [
				{ kind: 'heading', level: 1, text: 'Guide' },
				{ kind: 'paragraph', text: 'Ada Author' },
				{ kind: 'heading', level: 2, text: 'First part' },
				{ kind: 'paragraph', text: 'A link and\nmore, see the part.' },
				{ kind: 'paragraph', text: 'Titled' },
				{ kind: 'item', level: 1, text: 'one' },
				{ kind: 'item', level: 2, text: 'two' },
				{ kind: 'code', text: 'int x;\n\n== no heading' },
				{ kind: 'row', text: 'Name | Value' },
				{ kind: 'row', text: 'a | b' },
				{ kind: 'paragraph', text: 'the end' },
			],
		});
	});
});

describe('AsciiDoc', () => {
	it('has no anchors and roles in its text, but where they are quoted', () => {
		const text = `[[top]]Title
===

== [[here]]Part [[there,a name]]

anchor:low[]Some [#id]#marked# and [.red]##text##, see <<here>>.

* [[[ref]]] An item
* \`[[nodiscard]]\` and a[[0]]

|===
|[[cell]]one |https://x.org[two]
|===`;
		assert.deepEqual(
			extractAsciidoc(bytes(text)).blocks.map(({ text }) => text),
			[
				'Title\n===',
				'Part',
				'Some marked and text, see here.',
				'An item',
				'`[[nodiscard]]` and a[[0]]',
				'one | two',
			],
		);
	});
});

describe('extractOrg', () => {
	it('gives headings without keywords and tags, paragraphs, items, code and rows', () => {
		const text = `#+TITLE: Notes
#+OPTIONS: toc:nil
* TODO [#A] First part :work:home:
:PROPERTIES:
:ID: 17
:END:
Some [[https://example.org][linked]] text
goes on.
# a remark
** Deeper
- [X] done
  - nested
| a | b |
|---+---|
| 1 | 2 |
#+BEGIN_SRC python
* no heading
#+END_SRC`;
		assert.deepEqual(extractOrg(bytes(text)), {
			title: 'Notes',
			blocks: [
				{ kind: 'heading', level: 1, text: 'First part' },
				{ kind: 'paragraph', text: 'Some linked text\ngoes on.' },
				{ kind: 'heading', level: 2, text: 'Deeper' },
				{ kind: 'item', level: 1, text: 'done' },
				{ kind: 'item', level: 2, text: 'nested' },
				{ kind: 'row', text: 'a | b' },
				{ kind: 'row', text: '1 | 2' },
				{ kind: 'code', text: '* no heading' },
			],
		});
	});
});

describe('extractMdx', () => {
	it('leaves out imports, exports and comments, but for those that are code', () => {
		const text = `import A from './a'
export const meta = {
	title: 'no'
}

# Title

{/* gone */}

<Note>Inside</Note>

\`\`\`js
import kept from 'x'
\`\`\`
`;
		assert.deepEqual(extractMdx(bytes(text)), {
			title: 'Title',
			blocks: [
				{ kind: 'heading', level: 1, text: 'Title' },
				{ kind: 'paragraph', text: 'Inside' },
				{ kind: 'code', text: "import kept from 'x'" },
			],
		});
	});
});
