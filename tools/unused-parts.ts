import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Plugin } from 'esbuild';

/** Of officeparser: its writers, and its parsers of types that others read here, or nobody. */
const MODULES =
	/officeparser[/\\]dist[/\\](?:OfficeGenerator|parsers[/\\](?:Csv|Excel|Latex|Markdown|Pdf|Word)Parser)\.js$/;
/** What only those modules need, and what tells the type of a file, which is known before. */
const PACKAGES = /^(?:pdfjs-dist|tesseract\.js|file-type)(?:\/|$)/;

/** Leaves out of a bundle what its libraries ask for, and nothing of ours reaches: half of officeparser, and pdf.js. */
export const unusedParts: Plugin = {
	name: 'unused-parts',
	setup({ onLoad, onResolve }) {
		const empty = { contents: 'module.exports = {};', loader: 'js' } as const;
		// Beside the class that parses, its door exports converters that have no use for a reader.
		const door = createRequire(import.meta.url).resolve('officeparser');
		onResolve({ filter: /^officeparser$/ }, () => ({ path: join(dirname(door), 'OfficeParser.js') }));
		onResolve({ filter: PACKAGES }, () => ({ path: 'nothing', namespace: 'unused' }));
		onLoad({ filter: MODULES }, () => empty);
		onLoad({ filter: /.*/, namespace: 'unused' }, () => empty);
	},
};
