import assert from 'node:assert/strict';
import { extractSourceCode } from '../../../api/adapters/extractors/source-code.ts';

const read = (code: string) => extractSourceCode(new TextEncoder().encode(code));
const texts = (code: string) => read(code).blocks.map(({ text }) => text);

describe('extractSourceCode', () => {
	it('cuts before definitions of the outermost level, and keeps what belongs together', () => {
		const code = `import os\nimport sys\n\n\n# What it does.\nclass A:\n    def one(self):\n        return 1\n\n    def two(self):\n        return 2\n\n\ndef three():\n    x = {\n\n    }\n`;
		assert.deepEqual(read(code), {
			title: null,
			blocks: [
				'import os\nimport sys',
				'# What it does.\nclass A:\n    def one(self):\n        return 1\n\n    def two(self):\n        return 2',
				'def three():\n    x = {\n\n    }',
			].map((text) => ({ kind: 'code', text })),
		});
		assert.deepEqual(texts('function a() {\n\n\tb();\n\n}\n\nc();'), [
			'function a() {\n\n\tb();\n\n}',
			'c();',
		]);
	});

	it('cuts a long definition at its blank lines', () => {
		const method = (n: number) => `    def m${n}(self):\n${'        do_something()\n'.repeat(20)}`;
		const found = texts(`class Long:\n${Array.from({ length: 30 }, (_, n) => method(n)).join('\n')}`);
		assert.ok(found.length > 5);
		for (const text of found) assert.ok(text.length < 2_500);
	});

	it('loses nothing but blank lines', () => {
		const code = 'a\n\n  b\n\n\n)\nc\f\nd  \n';
		assert.equal(texts(code).join('\n').replace(/\s+/g, ''), 'ab)cd');
	});
});
