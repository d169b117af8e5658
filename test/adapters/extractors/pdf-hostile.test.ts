import assert from 'node:assert/strict';
import { constants, deflateRawSync, deflateSync } from 'node:zlib';
import { createExtractorPool } from '../../../api/adapters/extractors/pool.ts';
import type { Extractor } from '../../../api/ports/extractor.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { createPdfObjects, pdfFile } from '../../support/pdf-file.ts';

const chunking = { maxChars: 1200, overlapChars: 150 };
const mimeType = 'application/pdf';

/** One page over whatever objects `more` adds; it returns the page's content and its resources. */
function page(
	more: (objects: ReturnType<typeof createPdfObjects>) => { content: Buffer; flags: string; x?: string },
) {
	const objects = createPdfObjects();
	const root = objects.reserve();
	const tree = objects.reserve();
	const font = objects.add('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>');
	const { content, flags, x = '' } = more(objects);
	const body = objects.addStream(flags, content);
	const leaf = objects.add(
		`<< /Type /Page /Parent ${tree} 0 R /MediaBox [0 0 612 792] /Contents ${body} 0 R /Resources << /Font << /F1 ${font} 0 R >> /XObject << ${x} >> >> >>`,
	);
	objects.put(root, `<< /Type /Catalog /Pages ${tree} 0 R >>`);
	objects.put(tree, `<< /Type /Pages /Count 1 /Kids [${leaf} 0 R] >>`);
	return objects.file(`/Root ${root} 0 R`);
}

/** What unpacks to so many times 16 MB of `pattern`, packed twice. */
function bomb(pattern: string, times: number): Buffer {
	const part = deflateRawSync(Buffer.alloc(16 * 1_048_576, pattern), { finishFlush: constants.Z_FULL_FLUSH });
	const parts = Array.from({ length: times }, () => part);
	return deflateSync(
		Buffer.concat([Buffer.from([0x78, 0x9c]), ...parts, Buffer.from([0x03, 0x00, 0, 0, 0, 0])]),
	);
}

const draw = (name: string) => Buffer.from(`q /${name} Do Q BT /F1 12 Tf 72 700 Td (Text) Tj ET`);
const twice = '/Filter [/FlateDecode /FlateDecode]';

const hostile: Record<string, () => Buffer> = {
	'an outline that loops': () => {
		const objects = createPdfObjects();
		const root = objects.reserve();
		const tree = objects.reserve();
		const [outlines, one, two] = [objects.reserve(), objects.reserve(), objects.reserve()];
		const body = objects.addStream('', 'BT ET');
		const leaf = objects.add(
			`<< /Type /Page /Parent ${tree} 0 R /MediaBox [0 0 612 792] /Contents ${body} 0 R >>`,
		);
		objects.put(root, `<< /Type /Catalog /Pages ${tree} 0 R /Outlines ${outlines} 0 R >>`);
		objects.put(tree, `<< /Type /Pages /Count 1 /Kids [${leaf} 0 R] >>`);
		objects.put(outlines, `<< /First ${one} 0 R /Last ${two} 0 R >>`);
		const item = (title: string, next: number) =>
			`<< /Title (${title}) /Dest [${leaf} 0 R /Fit] /Next ${next} 0 R /First ${one} 0 R /Last ${two} 0 R >>`;
		objects.put(one, item('One', two));
		objects.put(two, item('Two', one));
		return objects.file(`/Root ${root} 0 R`);
	},
	'a form that draws itself': () =>
		page((objects) => {
			const form = objects.reserve();
			const dictionary = `/Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << /XObject << /X ${form} 0 R >> >> /Length 5`;
			objects.put(form, `<< ${dictionary} >>\nstream\n/X Do\nendstream`);
			return { content: draw('X'), flags: '', x: `/X ${form} 0 R` };
		}),
	'forms that double': () =>
		page((objects) => {
			let last = objects.addStream('/Type /XObject /Subtype /Form /BBox [0 0 612 792]', 'BT ET');
			for (let depth = 0; depth < 40; depth += 1) {
				last = objects.addStream(
					`/Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << /XObject << /X ${last} 0 R >> >>`,
					'/X Do /X Do',
				);
			}
			return { content: draw('X'), flags: '', x: `/X ${last} 0 R` };
		}),
	'a bomb of content': () =>
		page(() => ({ content: bomb('BT /F1 12 Tf 72 700 Td (bomb) Tj ET\n', 64), flags: twice })),
	'a bomb of spaces': () => page(() => ({ content: bomb(' ', 128), flags: twice })),
	'100,000 pages that are one': () => {
		const objects = createPdfObjects();
		const root = objects.reserve();
		const tree = objects.reserve();
		const body = objects.addStream('', 'BT ET');
		const leaf = objects.add(
			`<< /Type /Page /Parent ${tree} 0 R /MediaBox [0 0 612 792] /Contents ${body} 0 R >>`,
		);
		objects.put(root, `<< /Type /Catalog /Pages ${tree} 0 R >>`);
		objects.put(tree, `<< /Type /Pages /Count 100000 /Kids [${`${leaf} 0 R `.repeat(100_000)}] >>`);
		return objects.file(`/Root ${root} 0 R`);
	},
	'a tree of pages that loops': () => {
		const objects = createPdfObjects();
		const root = objects.reserve();
		const tree = objects.reserve();
		objects.put(root, `<< /Type /Catalog /Pages ${tree} 0 R >>`);
		objects.put(tree, `<< /Type /Pages /Count 9 /Kids [${tree} 0 R ${tree} 0 R] /Parent ${tree} 0 R >>`);
		return objects.file(`/Root ${root} 0 R`);
	},
};

describe('a hostile PDF', () => {
	let pool: Extractor;
	before(() => {
		pool = createExtractorPool({ workers: 1, chunking, clock: systemClock });
	});
	after(() => pool.close());

	for (const [what, make] of Object.entries(hostile)) {
		it(`is answered, and the next file is read: ${what}`, async () => {
			const good = pdfFile({ pages: [{ lines: ['A good one.'] }] });
			const bad = pool.extract({ content: make(), mimeType }).then(
				({ chunks }) => chunks.length,
				(error: { code: string; message: string }) => {
					assert.equal(error.code, 'unreadable', error.message);
					assert.match(error.message, /application\/pdf/);
				},
			);
			const next = pool.extract({ content: good, mimeType });
			await bad;
			assert.deepEqual(
				(await next).chunks.map(({ text }) => text),
				['A good one.'],
			);
		});
	}
});
