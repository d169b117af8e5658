import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';
import { buildPage } from './build-page.ts';
import { foldersOf, licencesOf } from './licences.ts';
import { sbomOf } from './sbom.ts';
import { writeOutputSchemas } from './output-schemas.ts';
import { unusedParts } from './unused-parts.ts';

/**
 * Bundles the API into dist/api: one ES module for the command line, one for each thread and child process, shared
 * chunks beside them (api/adapters/thread/thread-files.ts finds them there); and the nodes into dist/nodes. Every
 * library is bundled but n8n-workflow, which n8n brings; sqlite-vec's native library, the WebAssembly of PDFium and of
 * Tesseract with its English data, the table of the built-in embedder and the files of the OpenAPI page are copied, and
 * so are the licences of all of them, and a list of them for programs.
 */
const out = 'dist/api';
rmSync('dist', { recursive: true, force: true });

const workers = readdirSync('api/adapters', { recursive: true, encoding: 'utf8' })
	.filter((file) => /(^|\/)([a-z-]+-)?(thread|worker|reader|writer)\.ts$/.test(file))
	.map((file) => join('api/adapters', file));

const api = await build({
	entryPoints: ['api/cli.ts', ...workers],
	outdir: out,
	outbase: 'api',
	bundle: true,
	splitting: true,
	platform: 'node',
	target: 'node24',
	format: 'esm',
	outExtension: { '.js': '.mjs' },
	chunkNames: 'chunk-[hash]',
	plugins: [unusedParts],
	// Bundled CommonJS libraries ask for Node's own modules by require, and for files by __dirname.
	banner: {
		js: [
			"import { createRequire as __createRequire } from 'node:module';",
			"import { fileURLToPath as __fileURLToPath } from 'node:url';",
			'const require = __createRequire(import.meta.url);',
			"const __filename = __fileURLToPath(import.meta.url); const __dirname = __fileURLToPath(new URL('.', import.meta.url));",
		].join('\n'),
	},
	legalComments: 'linked',
	metafile: true,
	logLevel: 'warning',
});

// The watch engine's threads stand alone: the nodes start them, and the API does.
const watch = await build({
	entryPoints: ['nodes/watch/scan/scan-thread.ts', 'nodes/watch/reader/read-thread.ts'],
	outdir: 'dist/nodes',
	outbase: 'nodes',
	outExtension: { '.js': '.mjs' },
	bundle: true,
	platform: 'node',
	target: 'node24',
	format: 'esm',
	banner: {
		js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
	},
	legalComments: 'linked',
	metafile: true,
	logLevel: 'warning',
});

// n8n loads CommonJS, one file a node; both are in one bundle, so that what they share (the throttle) is there once.
const nodes = await build({
	entryPoints: ['nodes/core.ts'],
	outfile: 'dist/nodes/core.js',
	bundle: true,
	platform: 'node',
	target: 'node24',
	format: 'cjs',
	external: ['n8n-workflow'],
	define: { 'import.meta.url': '__url' },
	banner: { js: "const __url = require('node:url').pathToFileURL(__filename).href;" },
	legalComments: 'linked',
	metafile: true,
	logLevel: 'warning',
});
for (const [file, name, core] of [
	['dist/nodes/DocDropTrigger/DocDropTrigger.node.js', 'DocDropTrigger', '../core.js'],
	['dist/nodes/DocDrop/DocDrop.node.js', 'DocDrop', '../core.js'],
	['dist/credentials/DocDropApi.credentials.js', 'DocDropApi', '../nodes/core.js'],
] as const) {
	mkdirSync(dirname(file), { recursive: true });
	writeFileSync(file, `exports.${name} = require('${core}').${name};\n`);
}
// What n8n reads beside them: what they give, icons, and the codex, which files the nodes in its menus.
writeOutputSchemas('dist/nodes');
for (const dir of ['nodes/DocDropTrigger', 'nodes/DocDrop', 'credentials']) {
	for (const file of readdirSync(dir).filter((file) => /\.(svg|node\.json)$/.test(file))) {
		cpSync(join(dir, file), join('dist', dir, file));
	}
}

// The page for people, which a browser reads.
await buildPage(join(out, 'page'));

const require = createRequire(import.meta.url);
const description = dirname(require.resolve('@fastify/swagger-ui/package.json'));
cpSync(join(description, 'static'), join(out, 'static'), { recursive: true });

// The table of the built-in embedder, and the licences of what it was made from.
mkdirSync(join(out, 'embedder'), { recursive: true });
const table = 'static-en-256-q4.bin';
cpSync(join('api/adapters/embedders', table), join(out, 'embedder', table));
cpSync('licences/embedder.txt', join(out, 'embedder', 'LICENCES.txt'));

// PDFium, and whose licences ask to go with what is bundled.
mkdirSync(join(out, 'pdfium'), { recursive: true });
cpSync(require.resolve('@embedpdf/pdfium/pdfium.wasm'), join(out, 'pdfium', 'pdfium.wasm'));
cpSync('licences/pdfium.txt', join(out, 'pdfium', 'LICENCES.txt'));

// Tesseract and the data of one language, as they are compressed.
mkdirSync(join(out, 'ocr'), { recursive: true });
for (const file of [
	require.resolve('tesseract.js-core/tesseract-core-simd-lstm.wasm'),
	require.resolve('@tesseract.js-data/eng/4.0.0_best_int/eng.traineddata.gz'),
])
	cpSync(file, join(out, 'ocr', basename(file)));
cpSync('licences/tesseract.txt', join(out, 'ocr', 'LICENCES.txt'));

const inputs = [api, watch, nodes].flatMap(({ metafile }) => Object.keys(metafile.inputs));
writeFileSync('dist/LICENCES.txt', licencesOf(inputs));

// Each platform's library lies in a package of its own; npm installs the one of this machine.
mkdirSync(join(out, 'sqlite-vec'), { recursive: true });
const packages = dirname(dirname(require.resolve('sqlite-vec')));
const vectorLibraries = readdirSync(packages).filter((name) => name.startsWith('sqlite-vec-'));
for (const name of vectorLibraries) {
	for (const file of readdirSync(join(packages, name)).filter((file) => file.startsWith('vec0.'))) {
		const target = join(out, 'sqlite-vec', name.slice('sqlite-vec-'.length));
		mkdirSync(target, { recursive: true });
		cpSync(join(packages, name, file), join(target, file));
	}
}
const beside = ['@fastify/swagger-ui', '@embedpdf/pdfium', 'tesseract.js-core', '@tesseract.js-data/eng'];
writeFileSync(
	'dist/sbom.json',
	sbomOf(foldersOf([...inputs, ...[...beside, ...vectorLibraries].map((name) => `node_modules/${name}`)])),
);
// The API is ES modules whatever package it lands in, by its endings; the nodes are CommonJS.
writeFileSync('dist/package.json', `${JSON.stringify({ type: 'commonjs' })}\n`);
if (!existsSync(join(out, 'cli.mjs'))) throw new Error('the build made no command line');
