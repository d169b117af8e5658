import { readFileSync } from 'node:fs';
import { settings } from '../api/config/index.ts';
import { type FileType, fileTypes, pictureTypes } from '../api/contract/file-types.ts';
import { withPart, writeOrCompare } from './marked-part.ts';

/**
 * Writes the table of settings and the list of file types in docs/, and .env.example, from the tables that the code
 * reads. With --check it only compares, and fails where they differ.
 */

const entries = Object.values(settings).map((setting) => ({
	env: setting.env,
	standard: setting.default,
	unit: 'unit' in setting ? setting.unit : '',
	meaning: 'oneOf' in setting ? `${setting.meaning} One of ${setting.oneOf.join(', ')}.` : setting.meaning,
}));

const table = [
	'| setting | default | unit | meaning |',
	'| --- | --- | --- | --- |',
	...entries.map(
		({ env, standard, unit, meaning }) =>
			`| \`${env}\` | ${standard === '' ? '' : `\`${standard}\``} | ${unit} | ${meaning} |`,
	),
].join('\n');

const example = [
	'# Every setting with its default. Copy to .env and keep what you change: node --env-file=.env … reads it.',
	...entries.flatMap(({ env, standard, unit, meaning }) => [
		'',
		`# ${meaning}${unit === '' ? '' : ` (${unit})`}`,
		`#${env}=${standard}`,
	]),
	'',
].join('\n');

const namesOf = ({ endings, fileNames = [] }: FileType) => [
	...endings.map((ending) => `.${ending}`),
	...fileNames,
];
const pictures = Object.values<FileType>(pictureTypes).flatMap(namesOf).join(' ');

const types = [...Map.groupBy(Object.values<FileType>(fileTypes), ({ name }) => name)]
	.map(([name, rows]) => `${name} (\`${rows.flatMap(namesOf).join(' ')}\`)`)
	.join(', ');

const onlyWhenNamed = new Set(
	Object.values<FileType>(fileTypes)
		.filter(({ isOnlyWhenNamed }) => isOnlyWhenNamed)
		.map(({ name }) => name),
);
const leftOut = new Intl.ListFormat('en-GB').format(onlyWhenNamed);

const by = 'docs:config';
const part = (file: string, name: string, text: string) => ({
	file,
	wanted: withPart(readFileSync(file, 'utf8'), file, name, by, text),
});
const typesText = `Types that can be read: ${types}. With \`DOCDROP_OCR\` also images (\`${pictures}\`). An empty file is a document without chunks. A followed folder leaves out ${leftOut} until \`DOCDROP_INCLUDE\` or \`DOCDROP_ALLOWED_TYPES\` says which files it is about; what is sent is always read.`;

writeOrCompare(by, [
	part('docs/settings.md', 'settings', table),
	part('docs/formats.md', 'file types', typesText),
	{ file: '.env.example', wanted: example },
]);
