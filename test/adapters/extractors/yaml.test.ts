import assert from 'node:assert/strict';
import { extractYaml } from '../../../api/adapters/extractors/yaml.ts';

const read = (yaml: string) => extractYaml(new TextEncoder().encode(yaml));
const texts = (yaml: string) => read(yaml).blocks.map(({ text }) => text);

describe('extractYaml', () => {
	it('keeps what is short as it is written, comments included', () => {
		const yaml = '# About\ntitle: "Fleet"\nships:\n- name: Argo  # old\n\n- name: Beagle\n---\nother: 1\n';
		assert.deepEqual(read(yaml), {
			title: 'Fleet',
			blocks: [
				{ kind: 'code', text: '# About\ntitle: "Fleet"\nships:\n- name: Argo  # old\n- name: Beagle' },
				{ kind: 'code', text: 'other: 1' },
			],
		});
	});

	it('cuts a long value into its members, each part below the keys that enclose it', () => {
		const member = (name: string) => `    ${name}:\n      image: ${name}\n      note: ${'long '.repeat(60)}`;
		const yaml = `version: 3\nservices:\n  # all of them\n  inner:\n${['web', 'db', 'cache', 'mail', 'log'].map(member).join('\n')}\nlast: 1`;
		const found = texts(yaml);
		assert.ok(found.length >= 4, `${found.length}`);
		const mail = found.find((text) => text.includes('image: mail'));
		assert.ok(mail?.startsWith('services:\n  inner:\n'), mail);
		assert.equal(found[0], 'version: 3');
		assert.equal(found.at(-1), 'last: 1');
		for (const text of found) assert.ok(text.length < 1_500);
	});

	it('loses no line', () => {
		const lines = Array.from(
			{ length: 3_000 },
			(_, n) => `${' '.repeat(n % 40)}${n % 3 === 0 ? '- ' : ''}k${n}: v${n}`,
		);
		const found = texts(lines.join('\n')).join('\n');
		for (const [n] of lines.entries()) assert.ok(found.includes(`k${n}: v${n}`), `line ${n}`);
	});

	it('resolves nothing', () => {
		const yaml = 'a: &a [x, x]\nb: &b [*a, *a]\nc: !!js/function "function(){}"';
		assert.deepEqual(texts(yaml), [yaml]);
	});
});
