import type { LargeRow } from './formats-large.ts';

/** The rows of the bench of formats: what each says, from where on it is good enough, and how it is printed. */
export interface Row {
	/** `form`: a PDF with fields that are filled in. */
	readonly format: string;
	/** The program that has written the files. */
	readonly by: string;
	readonly files: number;
	readonly recall: number;
	readonly order: number;
	readonly precision: number;
	/** PDF: see `pagesRead`. */
	readonly pages: number | null;
	/**
	 * Share of the headings of the pages (of slides: of their titles) that stand in the heading path of a chunk. Null
	 * where the format has none.
	 */
	readonly headings: number | null;
	/** From the first file to the last answer, the start of the child included. */
	readonly seconds: number;
	/** Of the child. */
	readonly peakRssMb: number;
	/** Files that were answered by an error. */
	readonly failed: number;
}

/** Shares below which a format's row is printed as below its gate. */
const gates: Readonly<Record<string, Readonly<Partial<Record<Measure, number>>>>> = {
	form: { recall: 0.99 },
	pdf: { recall: 0.995, order: 0.98, pages: 0.998 },
	docx: { recall: 0.96 },
	rtf: { recall: 0.96 },
	xlsx: { recall: 0.94 },
	xls: { recall: 0.94 },
	doc: { recall: 0.97 },
	odt: { recall: 0.97 },
	epub: { recall: 0.97 },
	pptx: { recall: 0.95 },
	html: { recall: 0.96, precision: 0.92 },
};

type Measure = 'recall' | 'order' | 'precision' | 'pages';

export const missedGates = (row: Row): string[] =>
	Object.entries(gates[row.format] ?? {}).flatMap(([measure, gate]) => {
		const figure = row[measure as Measure] ?? 0;
		return figure < gate ? [`${row.format} by ${row.by}, ${measure} ${figure}, gate ${gate}`] : [];
	});

export const missedGrowth = ({ what, growthMb, gateMb }: LargeRow): string[] =>
	growthMb <= gateMb ? [] : [`${what}, growth ${growthMb} MB, gate ${gateMb}`];

export function printRow({ format, by, ...row }: Row): void {
	const figures = [
		`${row.files} files`,
		`recall ${row.recall.toFixed(4)}`,
		`order ${row.order.toFixed(4)}`,
		`precision ${row.precision.toFixed(3)}`,
		...(row.pages === null ? [] : [`pages ${row.pages.toFixed(4)}`]),
		...(row.headings === null ? [] : [`headings ${row.headings.toFixed(3)}`]),
		`${row.seconds} s`,
		`${row.peakRssMb} MB`,
		...(row.failed === 0 ? [] : [`${row.failed} FAILED`]),
	];
	console.log(`  ${format.padEnd(5)} ${by.padEnd(9)} ${figures.join(', ')}`);
}

export function printLarge({ what, seconds, chunks, growthMb, peakRssMb, gateMb }: LargeRow): void {
	console.log(
		`  ${what}: ${chunks} chunks, ${seconds} s, the child grows by ${growthMb} MB (gate ${gateMb}) to ${peakRssMb} MB`,
	);
}
