/**
 * Every type of document that can be read. The settings' text, the list in docs/formats.md, the nodes and the readers'
 * table (api/adapters/extractors/readers.ts, where the type checker asks for the reader of a new row) follow
 * these. No schema library here: nodes and threads load this file.
 */
export interface FileType {
	/** For people; types that are variants of each other share it. */
	readonly name: string;
	/** Of file names, without the dot, in lower case. */
	readonly endings: readonly string[];
	/** Of files that people know by their whole name, in lower case. */
	readonly fileNames?: readonly string[];
	/** A streamed type is read piece by piece, a buffered one needs the whole document in memory. */
	readonly reading: 'streamed' | 'buffered';
	/**
	 * Text is whatever its name or its sender calls it; a binary type shows itself in its bytes, which are believed
	 * before any name (api/adapters/extractors/sniff.ts).
	 */
	readonly content: 'text' | 'binary';
	/** Other media types that senders use for it, in lower case. */
	readonly aliases?: readonly string[];
	/** A followed folder takes it only where its settings say which files: a project has many, and few are documents. */
	readonly isOnlyWhenNamed?: true;
}

const sourceEndings = (
	'js mjs cjs jsx ts mts cts tsx vue svelte astro css scss sass less php py pyi rb pl pm lua r jl java kt kts ' +
	'scala groovy gradle clj cljs go rs c h cc cpp cxx hh hpp hxx m mm cs fs vb swift dart ex exs erl hs ml elm nim ' +
	'zig sql graphql gql proto sh bash zsh fish ps1 bat cmd dockerfile mk cmake tf hcl nix toml ini cfg conf ' +
	'properties diff patch'
).split(' ');

const sourceFileNames = [
	...['makefile', 'gnumakefile', 'dockerfile', 'containerfile', 'jenkinsfile', 'vagrantfile', 'procfile'],
	...['rakefile', 'gemfile', 'podfile', 'brewfile', 'fastfile', 'justfile'],
];

/** What servers and editors call some of them. */
const sourceNames = [
	...['text/javascript', 'application/javascript', 'application/typescript', 'text/css', 'application/sql'],
	...[
		'text/x-python',
		'application/x-python-code',
		'text/x-java-source',
		'text/x-c',
		'text/x-csrc',
		'text/x-go',
	],
	...[
		'text/x-ruby',
		'text/x-rust',
		'text/x-sh',
		'application/x-sh',
		'application/toml',
		'application/graphql',
	],
	...['application/x-httpd-php', 'text/x-diff', 'text/x-patch'],
];

export const fileTypes = {
	'text/plain': {
		...{ name: 'plain text', endings: ['txt', 'text', 'log'], reading: 'streamed', content: 'text' },
		fileNames: [
			...['readme', 'license', 'licence', 'copying', 'notice', 'changelog', 'changes', 'news'],
			...['authors', 'contributors', 'maintainers', 'contributing', 'todo'],
		],
	},
	'text/x-rst': { name: 'reStructuredText', endings: ['rst'], reading: 'streamed', content: 'text' },
	'text/markdown': {
		name: 'Markdown',
		endings: ['md', 'markdown'],
		reading: 'buffered',
		content: 'text',
		aliases: ['text/x-markdown', 'text/md', 'text/vnd.daringfireball.markdown'],
	},
	'text/html': { name: 'HTML', endings: ['html', 'htm'], reading: 'buffered', content: 'text' },
	'application/xhtml+xml': { name: 'HTML', endings: ['xhtml'], reading: 'buffered', content: 'text' },
	'application/pdf': {
		name: 'PDF',
		endings: ['pdf'],
		reading: 'streamed',
		content: 'binary',
		aliases: ['application/x-pdf'],
	},
	'application/vnd.openxmlformats-officedocument.wordprocessingml.document': {
		name: 'Word',
		endings: ['docx', 'docm', 'dotx', 'dotm'],
		reading: 'buffered',
		content: 'binary',
		aliases: [
			'application/vnd.ms-word.document.macroenabled.12',
			'application/vnd.openxmlformats-officedocument.wordprocessingml.template',
			'application/vnd.ms-word.template.macroenabled.12',
		],
	},
	'application/msword': { name: 'Word', endings: ['doc', 'dot'], reading: 'buffered', content: 'binary' },
	'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': {
		name: 'Excel',
		endings: ['xlsx', 'xlsm', 'xltx', 'xltm'],
		reading: 'buffered',
		content: 'binary',
		aliases: [
			'application/vnd.ms-excel.sheet.macroenabled.12',
			'application/vnd.openxmlformats-officedocument.spreadsheetml.template',
			'application/vnd.ms-excel.template.macroenabled.12',
		],
	},
	'application/vnd.ms-excel.sheet.binary.macroenabled.12': {
		name: 'Excel',
		endings: ['xlsb'],
		reading: 'buffered',
		content: 'binary',
	},
	'application/vnd.ms-excel': {
		name: 'Excel',
		endings: ['xls', 'xlt'],
		reading: 'buffered',
		content: 'binary',
		aliases: ['application/msexcel', 'application/x-msexcel', 'application/x-excel'],
	},
	'application/vnd.openxmlformats-officedocument.presentationml.presentation': {
		name: 'PowerPoint',
		endings: ['pptx', 'pptm', 'ppsx', 'ppsm', 'potx', 'potm'],
		reading: 'buffered',
		content: 'binary',
		aliases: [
			'application/vnd.ms-powerpoint.presentation.macroenabled.12',
			'application/vnd.openxmlformats-officedocument.presentationml.slideshow',
			'application/vnd.ms-powerpoint.slideshow.macroenabled.12',
			'application/vnd.openxmlformats-officedocument.presentationml.template',
			'application/vnd.ms-powerpoint.template.macroenabled.12',
		],
	},
	'application/vnd.oasis.opendocument.text': {
		name: 'OpenDocument',
		endings: ['odt', 'ott'],
		reading: 'buffered',
		content: 'binary',
		aliases: ['application/vnd.oasis.opendocument.text-template'],
	},
	'application/vnd.oasis.opendocument.spreadsheet': {
		name: 'OpenDocument',
		endings: ['ods', 'ots'],
		reading: 'buffered',
		content: 'binary',
		aliases: ['application/vnd.oasis.opendocument.spreadsheet-template'],
	},
	'application/vnd.oasis.opendocument.presentation': {
		name: 'OpenDocument',
		endings: ['odp', 'otp'],
		reading: 'buffered',
		content: 'binary',
		aliases: ['application/vnd.oasis.opendocument.presentation-template'],
	},
	'application/rtf': {
		name: 'RTF',
		endings: ['rtf'],
		reading: 'buffered',
		content: 'binary',
		aliases: ['text/rtf', 'text/richtext', 'application/x-rtf'],
	},
	'application/epub+zip': { name: 'EPUB', endings: ['epub'], reading: 'buffered', content: 'binary' },
	'text/mdx': { name: 'MDX', endings: ['mdx'], reading: 'buffered', content: 'text' },
	'text/asciidoc': {
		...{ name: 'AsciiDoc', endings: ['adoc', 'asciidoc'], reading: 'buffered', content: 'text' },
		aliases: ['text/x-asciidoc'],
	},
	'text/x-org': {
		name: 'Org',
		endings: ['org'],
		reading: 'buffered',
		content: 'text',
		aliases: ['text/org'],
	},
	'application/x-tex': {
		...{ name: 'TeX', endings: ['tex', 'ltx', 'latex'], reading: 'buffered', content: 'text' },
		aliases: ['text/x-tex', 'application/x-latex'],
	},
	'application/x-ipynb+json': {
		...{ name: 'Jupyter notebooks', endings: ['ipynb'], reading: 'buffered', content: 'text' },
	},
	'message/rfc822': { name: 'mail', endings: ['eml'], reading: 'buffered', content: 'text' },
	'application/vnd.ms-outlook': { name: 'mail', endings: ['msg'], reading: 'buffered', content: 'binary' },
	'text/csv': {
		...{ name: 'CSV', endings: ['csv'], reading: 'streamed', content: 'text' },
		aliases: ['application/csv', 'text/x-csv', 'text/comma-separated-values'],
	},
	'text/tab-separated-values': {
		...{ name: 'TSV', endings: ['tsv', 'tab'], reading: 'streamed', content: 'text', aliases: ['text/tsv'] },
	},
	'application/x-subrip': {
		...{ name: 'subtitles', endings: ['srt'], reading: 'buffered', content: 'text', aliases: ['text/srt'] },
	},
	'text/vtt': { name: 'subtitles', endings: ['vtt'], reading: 'buffered', content: 'text' },
	'application/json': {
		...{ name: 'JSON', endings: ['json', 'jsonc', 'json5', 'geojson'], reading: 'buffered', content: 'text' },
		...{ aliases: ['text/json', 'application/geo+json', 'application/ld+json'], isOnlyWhenNamed: true },
	},
	'application/x-ndjson': {
		...{ name: 'JSON Lines', endings: ['jsonl', 'ndjson'], reading: 'streamed', content: 'text' },
		...{ aliases: ['application/jsonl', 'application/x-jsonlines'], isOnlyWhenNamed: true },
	},
	'application/xml': {
		...{ name: 'XML', endings: ['xml'], reading: 'buffered', content: 'text' },
		...{ aliases: ['text/xml'], isOnlyWhenNamed: true },
	},
	'application/yaml': {
		...{ name: 'YAML', endings: ['yaml', 'yml'], reading: 'buffered', content: 'text' },
		...{ aliases: ['text/yaml', 'text/x-yaml', 'application/x-yaml'], isOnlyWhenNamed: true },
	},
	// Whatever the language: few of them have a media type of their own, and one reader takes them all.
	'text/x-source': {
		...{ name: 'source code', endings: sourceEndings, reading: 'buffered', content: 'text' },
		fileNames: sourceFileNames,
		...{ aliases: sourceNames, isOnlyWhenNamed: true },
	},
} as const satisfies Readonly<Record<string, FileType>>;

const picture = { name: 'images', reading: 'buffered', content: 'binary' } as const;

/** Types that are read where DOCDROP_OCR is set, and only there. */
export const pictureTypes = {
	'image/png': { ...picture, endings: ['png'], aliases: ['image/x-png'] },
	'image/jpeg': {
		...picture,
		endings: ['jpg', 'jpeg', 'jpe', 'jfif'],
		aliases: ['image/jpg', 'image/pjpeg'],
	},
	'image/tiff': { ...picture, endings: ['tif', 'tiff'], aliases: ['image/tif', 'image/x-tiff'] },
	'image/webp': { ...picture, endings: ['webp'] },
	'image/bmp': { ...picture, endings: ['bmp', 'dib'], aliases: ['image/x-bmp', 'image/x-ms-bmp'] },
	'image/gif': { ...picture, endings: ['gif'] },
} as const satisfies Readonly<Record<string, FileType>>;

const allTypes = { ...fileTypes, ...pictureTypes };
export type MimeType = keyof typeof allTypes;
export type ReadingOf<T extends MimeType> = (typeof allTypes)[T]['reading'];

const rows = Object.entries(allTypes) as readonly (readonly [MimeType, FileType])[];
const typeOfEnding = new Map<string, MimeType>(
	rows.flatMap(([type, { endings }]) => endings.map((ending) => [ending, type] as const)),
);
const typeOfFileName = new Map<string, MimeType>(
	rows.flatMap(([type, { fileNames = [] }]) => fileNames.map((name) => [name, type] as const)),
);

const typeOfName = new Map<string, MimeType>(
	rows.flatMap(([type, { aliases = [] }]) => [type, ...aliases].map((name) => [name, type] as const)),
);

/** Whether a type is a picture, which is read by OCR. */
export const isPicture = (type: string): type is keyof typeof pictureTypes =>
	Object.hasOwn(pictureTypes, type);

/** What can always be read. */
export const mimeTypes = Object.keys(fileTypes) as readonly (keyof typeof fileTypes)[];
export const streamedTypes = mimeTypes.filter((type) => fileTypes[type].reading === 'streamed');

/** What can be read, with OCR or without. */
export const readTypes = (hasOcr: boolean): readonly MimeType[] =>
	hasOcr ? rows.map(([type]) => type) : mimeTypes;

/** Of a path without its folders. */
const lastNameOf = (path: string) => path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);

/** Of the last name of a path, in lower case; a name that begins with its only dot has none. */
export function endingOf(path: string): string {
	const name = lastNameOf(path);
	const dot = name.lastIndexOf('.');
	return dot < 1 ? '' : name.slice(dot + 1).toLowerCase();
}

/** The type that the last name of a path, or its ending, stands for, in any case; null where there is none. */
export const mimeTypeOf = (path: string): MimeType | null =>
	typeOfFileName.get(lastNameOf(path).toLowerCase()) ?? typeOfEnding.get(endingOf(path)) ?? null;

/** Whether a folder is followed with files of a type unless its settings say which files. */
export const isForEveryFolder = (type: string): boolean =>
	rows.some(([name, { isOnlyWhenNamed = false }]) => name === type && !isOnlyWhenNamed);

/** The type that a media type without parameters, in lower case, stands for; null for one that nobody reads. */
export const mimeTypeNamed = (name: string): MimeType | null => typeOfName.get(name) ?? null;

/** Whether a type is text; one that nobody reads is not. */
export const isTextType = (type: string): boolean =>
	rows.some(([name, { content }]) => name === type && content === 'text');
