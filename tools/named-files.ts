import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Fails where a comment or a document names a file that is not there, such as one that was renamed. A name may
 * leave out the folders that a path begins with: pipeline/index.ts stands for api/pipeline/index.ts. Files of another
 * part of the project are named by their whole path: in comments under api/ those of nodes/ and test/, in documents
 * those of test/ and tools/. Where a document quotes the name of a test behind its file, the file has that test.
 */
const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
	encoding: 'utf8',
});
const files = listed.split('\n').filter((file) => file !== '' && existsSync(file));
const isProduct = (file: string) => /^(api|credentials|nodes)\//u.test(file);
const isSource = (file: string) => /^(api|credentials|nodes|test|tools)\/.*\.ts$/u.test(file);
/** CHANGELOG.md tells of days that are gone. */
const isDocument = (file: string) =>
	/^((ARCHITECTURE|CONTRIBUTING|README|SECURITY)|docs\/.*)\.md$/u.test(file);

const endings = (of: readonly string[]) =>
	new Set(of.flatMap((file) => file.split('/').map((_, from, parts) => parts.slice(from).join('/'))));
const names = {
	api: endings(files.filter((file) => file.startsWith('api/'))),
	nodes: endings(files.filter((file) => file.startsWith('nodes/'))),
	product: endings(files.filter(isProduct)),
	all: endings(files),
};

const comment = /(?:^|\s)\/\/\s.*|\/\*.*|^\s*\*\s.*/u;
const fileName = /(?<![\w*}./-])[\w.-]+(?:\/[\w.-]+)*\.(?:ts|cjs|jsonl)(?!\.?\w)/gu;
const folderName = /(?<=`)(?:api|credentials|docs|nodes|test|tools|workflows)(?:\/[\w.-]+)*(?=\/?`)/gu;
const link = /(?<=\]\()[^):#]+(?=[)#])/gu;

function namesOf(file: string): keyof typeof names {
	if (file.startsWith('api/')) return 'api';
	if (file.startsWith('nodes/')) return 'nodes';
	return isDocument(file) || isProduct(file) ? 'product' : 'all';
}

/** What a line of a file names that is not there. */
function missingIn(line: string, file: string): string[] {
	const known = names[namesOf(file)];
	const isMissing = (name: string) => !known.has(name) && !existsSync(name);
	if (isSource(file)) return (comment.exec(line)?.[0].match(fileName) ?? []).filter(isMissing);
	return [
		...[...(line.match(fileName) ?? []), ...(line.match(folderName) ?? [])].filter(isMissing),
		...(line.match(link) ?? []).filter((target) => !existsSync(join(dirname(file), target))),
	];
}

const namedTest = /`(test\/[\w./-]+\.ts)`: “([^”]+)”/gu;

function missingTests(line: string): string[] {
	return [...line.matchAll(namedTest)]
		.filter(([, file = '', title = '']) => existsSync(file) && !hasTest(readFileSync(file, 'utf8'), title))
		.map(([, file, title]) => `“${title}” of ${file}`);
}

const hasTest = (text: string, title: string): boolean =>
	["'", '"', '`'].some((quote) => text.includes(`${quote}${title}${quote}`));

const missing = files
	.filter((file) => isSource(file) || isDocument(file))
	.flatMap((file) =>
		readFileSync(file, 'utf8')
			.split('\n')
			.flatMap((line, index) =>
				[...missingIn(line, file), ...(isDocument(file) ? missingTests(line) : [])].map(
					(name) => `${file}:${index + 1} names ${name}`,
				),
			),
	);
for (const line of missing) console.error(`${line}, which is not there`);
if (missing.length > 0) process.exit(1);
