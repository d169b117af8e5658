/** What people are led to: every link into a heading of the project's documents finds it there, and what they are told to type works in a clone. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const root = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
	cwd: root,
	encoding: 'utf8',
})
	.split('\n')
	.filter((file) => existsSync(join(root, file)) && /\.(md|json|ts)$/.test(file));

/** As GitHub makes them. */
function headingsOf(file: string): Set<string> {
	const text = read(file).replaceAll(/^```[^]*?^```/gm, '');
	const names = Array.from(text.matchAll(/^#+ +(.+)$/gm), ([, title = '']) =>
		title
			.trim()
			.toLowerCase()
			.replaceAll(/[^\p{L}\p{N} _-]/gu, '')
			.replaceAll(' ', '-'),
	);
	return new Set(names);
}

interface Link {
	readonly from: string;
	readonly file: string;
	readonly heading: string;
}

/** Addresses of the repository, in whatever file; and links of one document to another, or to itself. */
function linksIn(from: string): Link[] {
	const text = read(from);
	const home = (JSON.parse(read('package.json')) as { homepage: string }).homepage.replaceAll('.', '\\.');
	const address = new RegExp(`${home}(?:/blob/[^/\\s]+/([^#\\s"'\`]+))?#([\\w-]+)`, 'g');
	const outer = Array.from(text.matchAll(address), ([, file = 'README.md', heading = '']) => ({
		...{ from, file, heading },
	}));
	if (!from.endsWith('.md')) return outer;
	const inner = Array.from(text.matchAll(/\]\(([^):#\s]*)#([\w-]+)\)/g), ([, file = '', heading = '']) => ({
		...{ from, heading },
		file: file === '' ? from : normalize(join(dirname(from), file)),
	}));
	return [...outer, ...inner];
}

describe('links of documents and nodes', () => {
	const links = files.flatMap(linksIn);

	it('are those of both nodes and of the credential at least', () => {
		for (const from of [
			'nodes/DocDrop/DocDrop.node.json',
			'nodes/DocDropTrigger/DocDropTrigger.node.json',
			'credentials/DocDropApi.credentials.ts',
		]) {
			assert.ok(
				links.some((link) => link.from === from),
				from,
			);
		}
	});

	for (const { from, file, heading } of links) {
		it(`${from} to ${file}#${heading}`, () => assert.ok(headingsOf(file).has(heading)));
	}
});

describe('commands that README gives', () => {
	const blocks = Array.from(read('README.md').matchAll(/^```sh\n([^]*?)^```/gm), ([, text = '']) => text);
	const own = blocks.filter((text) => /\bnpm (run|start|test)\b/.test(text));

	it('are there', () => assert.ok(own.length > 1, String(own.length)));

	for (const text of own) {
		it(`install first what they need: ${text.split('\n')[0]}`, () => assert.match(text, /^npm ci\b/));
	}
});
