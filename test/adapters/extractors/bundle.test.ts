import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Document } from '../../../api/adapters/extractors/extracted.ts';
import { unusedParts } from '../../../tools/unused-parts.ts';
import { officeSamples } from '../../conformance/office-samples.ts';

describe('the bundle of officeparser', () => {
	it('reads what it reads from source, though half of the library is left out', async () => {
		// Away from the project's packages, as where it is installed.
		const dir = mkdtempSync(join(tmpdir(), 'docdrop-bundle-'));
		try {
			const outfile = join(dir, 'office.mjs');
			const { metafile } = await build({
				entryPoints: ['api/adapters/extractors/office.ts'],
				outfile,
				bundle: true,
				platform: 'node',
				format: 'esm',
				plugins: [unusedParts],
				metafile: true,
				banner: {
					js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
				},
			});
			assert.deepEqual(
				Object.keys(metafile.inputs).filter((input) => /pdfjs|tesseract|puppeteer/.test(input)),
				[],
			);
			const { extractOffice } = (await import(outfile)) as {
				extractOffice(bytes: Uint8Array, mimeType: string): Promise<Document>;
			};
			for (const mimeType of [
				'application/vnd.openxmlformats-officedocument.presentationml.presentation',
				'application/vnd.oasis.opendocument.text',
				'application/vnd.oasis.opendocument.presentation',
				'application/rtf',
				'application/epub+zip',
			] as const) {
				const { content, title, blocks } = officeSamples[mimeType](1);
				assert.deepEqual(
					await extractOffice(Buffer.from(content), mimeType),
					{ title, blocks, warnings: [] },
					mimeType,
				);
			}
		} finally {
			rmSync(dir, { recursive: true });
		}
	});
});
