/** PDFs made by code, as plain as a reader allows: no compression, Helvetica, one text line after the other. */

export interface PdfTextLine {
	readonly text: string;
	/** Default 12. */
	readonly size?: number;
	/** From the left edge. Default 72. */
	readonly x?: number;
}

export interface PdfField {
	readonly text: string;
	readonly x: number;
	/** Of the base line. */
	readonly y: number;
}

export interface PdfPage {
	/** From the top down; null is an empty line. */
	readonly lines?: readonly (string | PdfTextLine | null)[];
	/** A picture that fills the page, as a scanner makes it. */
	readonly isScan?: boolean;
	/** What was filled into a field of a form, low on the page. */
	readonly field?: string;
	/** Into several, each somewhere. */
	readonly fields?: readonly PdfField[];
	/** The field shows nothing by itself: whoever shows the page draws what is in it, as LibreOffice wants it. */
	readonly isFieldBlank?: boolean;
	/** The page's content as it is, instead of `lines`. */
	readonly content?: string;
}

export interface PdfOutlineItem {
	readonly title: string;
	/** From 0. */
	readonly page: number;
	readonly items?: readonly PdfOutlineItem[];
}

export interface PdfParts {
	readonly pages: readonly PdfPage[];
	readonly title?: string;
	readonly outline?: readonly PdfOutlineItem[];
	/** Of the trailer, such as `/Encrypt 9 0 R`. */
	readonly trailer?: string;
}

/** Objects of a PDF, numbered from 1 in the order in which they were asked for. */
export function createPdfObjects() {
	const bodies: Buffer[] = [];
	const put = (number: number, body: string | Buffer) =>
		void (bodies[number - 1] = Buffer.from(body as string, 'latin1'));
	const reserve = () => bodies.push(Buffer.from('null'));
	return {
		reserve,
		put,
		add(body: string | Buffer): number {
			const number = reserve();
			put(number, body);
			return number;
		},
		addStream(dictionary: string, data: string | Buffer): number {
			const number = reserve();
			put(number, stream(dictionary, data));
			return number;
		},
		/** The whole file. `trailer`: its entries but /Size. */
		file(trailer: string): Buffer {
			const parts: Buffer[] = [Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1')];
			let length = parts[0]?.length ?? 0;
			const offsets: number[] = [];
			for (const [index, body] of bodies.entries()) {
				offsets.push(length);
				const object = Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), body, Buffer.from('\nendobj\n')]);
				parts.push(object);
				length += object.length;
			}
			const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
			parts.push(
				Buffer.from(
					`xref\n0 ${bodies.length + 1}\n0000000000 65535 f \n${rows}` +
						`trailer\n<< /Size ${bodies.length + 1} ${trailer} >>\nstartxref\n${length}\n%%EOF\n`,
				),
			);
			return Buffer.concat(parts);
		},
	};
}

export type PdfObjects = ReturnType<typeof createPdfObjects>;

export function stream(dictionary: string, data: string | Buffer): Buffer {
	const bytes = Buffer.from(data as string, 'latin1');
	return Buffer.concat([
		Buffer.from(`<< ${dictionary} /Length ${bytes.length} >>\nstream\n`),
		bytes,
		Buffer.from('\nendstream'),
	]);
}

export function pdfFile({ pages, title, outline = [], trailer = '' }: PdfParts): Buffer {
	const objects = createPdfObjects();
	const root = objects.reserve();
	const tree = objects.reserve();
	const font = objects.add(
		`<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /BaseEncoding /WinAnsiEncoding /Differences [${signs}] >> >>`,
	);
	const picture = objects.addStream(
		'/Type /XObject /Subtype /Image /Width 2 /Height 2 /ColorSpace /DeviceGray /BitsPerComponent 8',
		'\x00\xff\xff\x00',
	);
	const fields: number[] = [];
	const numbers = pages.map((page) => {
		const own = page.field === undefined ? [] : [{ text: page.field, x: 72, y: 105 }];
		const annotations = [...own, ...(page.fields ?? [])].map((field) =>
			addField(objects, field, { font, isBlank: page.isFieldBlank === true }),
		);
		fields.push(...annotations);
		const content = objects.addStream('', page.content ?? contentOf(page));
		return objects.add(
			`<< /Type /Page /Parent ${tree} 0 R /MediaBox [0 0 612 792] /Contents ${content} 0 R` +
				` /Resources << /Font << /F1 ${font} 0 R >> /XObject << /Im1 ${picture} 0 R >> >>` +
				` /Annots [${refs(annotations)}] >>`,
		);
	});
	objects.put(tree, `<< /Type /Pages /Count ${numbers.length} /Kids [${refs(numbers)}] >>`);
	const outlines = outline.length === 0 ? '' : ` /Outlines ${addOutline(objects, outline, numbers)} 0 R`;
	const form =
		fields.length === 0
			? ''
			: ` /AcroForm << /Fields [${refs(fields)}]${pages.some(({ isFieldBlank }) => isFieldBlank) ? ' /NeedAppearances true' : ''} /DA (/Helv 12 Tf 0 g) /DR << /Font << /Helv ${font} 0 R >> >> >>`;
	objects.put(root, `<< /Type /Catalog /Pages ${tree} 0 R${outlines}${form} >>`);
	const info = title === undefined ? '' : ` /Info ${objects.add(`<< /Title (${escaped(title)}) >>`)} 0 R`;
	return objects.file(`/Root ${root} 0 R${info} ${trailer}`);
}

/** Characters that Windows has no sign for stand for signs that it lacks: a hyphen, a soft hyphen, and 中文字。 */
const signs = '127 /uni3002 129 /uni2010 141 /uni00AD 143 /uni4E2D 144 /uni6587 157 /uni5B57';

const refs = (numbers: readonly number[]): string => numbers.map((number) => `${number} 0 R`).join(' ');
const escaped = (text: string): string => text.replace(/[\\()]/g, '\\$&');

const PITCH = 1.2;

function contentOf({ lines = [], isScan = false }: PdfPage): string {
	let y = 740;
	let size = 12;
	const parts = isScan ? ['q 612 0 0 792 0 0 cm /Im1 Do Q'] : [];
	for (const line of lines) {
		if (line === null) {
			y -= size * PITCH;
			continue;
		}
		const { text, size: own = 12, x = 72 } = typeof line === 'string' ? { text: line } : line;
		size = own;
		y -= size * PITCH;
		parts.push(`BT /F1 ${size} Tf 1 0 0 1 ${x} ${y.toFixed(2)} Tm (${escaped(text)}) Tj ET`);
	}
	return parts.join('\n');
}

function addField(
	objects: PdfObjects,
	{ text, x, y }: PdfField,
	{ font, isBlank }: { readonly font: number; readonly isBlank: boolean },
): number {
	const appearance = objects.addStream(
		`/Type /XObject /Subtype /Form /BBox [0 0 300 20] /Resources << /Font << /F1 ${font} 0 R >> >>`,
		isBlank ? '/Tx BMC EMC' : `/Tx BMC BT /F1 12 Tf 2 5 Td (${escaped(text)}) Tj ET EMC`,
	);
	return objects.add(
		`<< /Type /Annot /Subtype /Widget /FT /Tx /T (field ${x} ${y}) /V (${escaped(text)}) /F 4` +
			` /Rect [${x} ${y - 5} ${x + 300} ${y + 15}] /DA (/Helv 12 Tf 0 g) /AP << /N ${appearance} 0 R >> >>`,
	);
}

function addOutline(objects: PdfObjects, items: readonly PdfOutlineItem[], pages: readonly number[]): number {
	const root = objects.reserve();
	const [first, last] = addItems(objects, items, root, pages);
	objects.put(root, `<< /Type /Outlines /First ${first} 0 R /Last ${last} 0 R /Count ${items.length} >>`);
	return root;
}

function addItems(
	objects: PdfObjects,
	items: readonly PdfOutlineItem[],
	parent: number,
	pages: readonly number[],
): [first: number, last: number] {
	const numbers = items.map(() => objects.reserve());
	for (const [index, { title, page, items: children = [] }] of items.entries()) {
		const number = numbers[index] ?? 0;
		const next = numbers[index + 1];
		const [first, last] = children.length === 0 ? [0, 0] : addItems(objects, children, number, pages);
		objects.put(
			number,
			`<< /Title (${escaped(title)}) /Parent ${parent} 0 R /Dest [${pages[page]} 0 R /XYZ 0 792 0]` +
				(next === undefined ? '' : ` /Next ${next} 0 R`) +
				(first === 0 ? '' : ` /First ${first} 0 R /Last ${last} 0 R /Count ${children.length}`) +
				' >>',
		);
	}
	return [numbers[0] ?? 0, numbers.at(-1) ?? 0];
}

/** A text in lines of at most so many characters, as a program sets a paragraph. */
export function wrapped(text: string, chars = 80): string[] {
	const lines: string[] = [];
	for (const word of text.split(' ')) {
		const last = lines.at(-1);
		if (last !== undefined && last.length + 1 + word.length <= chars)
			lines[lines.length - 1] = `${last} ${word}`;
		else lines.push(word);
	}
	return lines;
}
