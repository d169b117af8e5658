/**
 * The table of token vectors that the built-in embedder adds up, as tools/embedder made it. The file: "DDE4"; rows,
 * numbers a row and bytes of the vocabulary (32 bits each); each row's scale (32-bit float); the rows, two numbers
 * a byte, the first in the lower half, each 8 above its value; the vocabulary in UTF-8, one token a line.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DocDropError } from '../../errors.ts';
import { packedFile } from '../thread/index.ts';
import { indexPieces, type PieceIndex } from './static-pieces.ts';

/** In shared memory: threads take it as it is. */
export interface StaticTable {
	readonly dimensions: number;
	/** A row a token; all zeros for the unknown one, which says nothing of a text. */
	readonly rows: Int8Array<SharedArrayBuffer>;
	readonly scales: Float32Array<SharedArrayBuffer>;
	readonly pieces: PieceIndex;
}

const FILE = 'static-en-256-q4.bin';
export const TABLE_SHA256 = 'e9e60e404299c37c1dd1b8ab0e5d84a1f35042d9b437e08d152975ce56a6415c';
const HEADER_BYTES = 16;

let kept: Promise<StaticTable> | null = null;

/** Read once a process. */
export const builtInTable = (): Promise<StaticTable> => (kept ??= readStaticTable(tableFile()));

export const tableFile = (): URL => packedFile(`embedder/${FILE}`) ?? new URL(FILE, import.meta.url);

/**
 * Nothing but the table that this version was built with is taken, else `installation_damaged`: with any other one
 * vectors would be wrong in silence.
 */
export async function readStaticTable(file: URL): Promise<StaticTable> {
	const bytes = await readFile(file).catch((cause: unknown) => {
		throw new DocDropError('installation_damaged', 'the table of the built-in embedder cannot be read', {
			cause,
		});
	});
	const sha256 = createHash('sha256').update(bytes).digest('hex');
	if (sha256 !== TABLE_SHA256) {
		throw new DocDropError(
			'installation_damaged',
			`the table of the built-in embedder must have the SHA-256 ${TABLE_SHA256}, it has ${sha256}`,
		);
	}
	const header = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
	const [count, dimensions] = [header.getUint32(4, true), header.getUint32(8, true)];
	const rowsAt = HEADER_BYTES + 4 * count;
	const vocabularyAt = rowsAt + (count * dimensions) / 2;
	const pieces = indexPieces(bytes.toString('utf8', vocabularyAt).split('\n'));
	const rows = unpacked(bytes.subarray(rowsAt, vocabularyAt));
	rows.fill(0, pieces.unknown * dimensions, (pieces.unknown + 1) * dimensions);
	return { dimensions, rows, scales: scalesOf(bytes.subarray(HEADER_BYTES, rowsAt)), pieces };
}

function unpacked(bytes: Uint8Array): Int8Array<SharedArrayBuffer> {
	const numbers = new Int8Array(new SharedArrayBuffer(2 * bytes.length));
	for (let at = 0; at < bytes.length; at += 1) {
		const both = bytes[at] ?? 0;
		numbers[2 * at] = (both & 15) - 8;
		numbers[2 * at + 1] = (both >> 4) - 8;
	}
	return numbers;
}

function scalesOf(bytes: Uint8Array): Float32Array<SharedArrayBuffer> {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	const scales = new Float32Array(new SharedArrayBuffer(bytes.length));
	for (let at = 0; at < scales.length; at += 1) scales[at] = view.getFloat32(4 * at, true);
	return scales;
}
