/** The languages in which pictures are read, and where their data lie. */
import { hash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DocDropError } from '../../errors.ts';
import { packedFile } from '../thread/index.ts';
import { type OcrEngine, startOcr } from './ocr-engine.ts';

export interface OcrSettings {
	readonly languages: readonly string[];
	/** Folder with data of other languages than the one that is built in. */
	readonly dataDir: string | null;
}

/** Text recognition whose data were found sound. */
export interface CheckedOcr extends OcrSettings {
	/** Of what decides which text is found. */
	readonly fingerprint: string;
}

const BUILT_IN = 'eng';
/** Grows whenever the same data may give another text. */
const OCR_VERSION = 1;
/** The largest of Tesseract's own has 30 MB. */
const MOST_BYTES = 64 * 1_048_576;

/** At the start: what is wrong with the data must not show with the first scan. Throws `config_invalid`. */
export async function checkOcr(settings: OcrSettings): Promise<CheckedOcr> {
	const hashes: string[] = [];
	for (const name of settings.languages) {
		const bytes = checkedData(settings, name);
		const engine = await startOcr([{ name, bytes }]);
		if (engine === null) throw invalidData(settings, name, 'are damaged, or not for Tesseract 4 or 5');
		hashes.push(`${name}-${hash('sha256', bytes).slice(0, 12)}`);
	}
	return { ...settings, fingerprint: `ocr${OCR_VERSION}:${hashes.join('+')}` };
}

/** Throws `extractor_unavailable` where the data have gone since the start. */
export async function openOcr(settings: OcrSettings): Promise<OcrEngine> {
	let cause: unknown;
	try {
		const { languages } = settings;
		const engine = await startOcr(languages.map((name) => ({ name, bytes: readData(settings, name) })));
		if (engine !== null) return engine;
	} catch (error) {
		cause = error;
	}
	throw new DocDropError('extractor_unavailable', 'text recognition (OCR) could not be started', { cause });
}

function checkedData(settings: OcrSettings, name: string): Uint8Array {
	try {
		return readData(settings, name);
	} catch (error) {
		const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
		throw invalidData(settings, name, isMissing ? 'are missing' : 'could not be read');
	}
}

function invalidData({ dataDir }: OcrSettings, name: string, what: string): DocDropError {
	const file = `${name}.traineddata`;
	const message =
		dataDir === null
			? `DOCDROP_OCR must be languages whose data are built in (${BUILT_IN}) or in the folder of DOCDROP_OCR_DATA, got ${JSON.stringify(name)}`
			: `DOCDROP_OCR_DATA must be a folder with the data of each language of DOCDROP_OCR; those of ${JSON.stringify(name)} (${file}, or ${file}.gz) ${what}`;
	return new DocDropError('config_invalid', message, {
		field: dataDir === null ? 'DOCDROP_OCR' : 'DOCDROP_OCR_DATA',
	});
}

/** Throws what the system says, or what is wrong with a compressed file. */
function readData({ dataDir }: OcrSettings, name: string): Uint8Array {
	const file = `${name}.traineddata`;
	const own = dataDir === null ? [] : [join(dataDir, file), join(dataDir, `${file}.gz`)];
	const found = own.find((path) => existsSync(path)) ?? (name === BUILT_IN ? builtInFile() : own[0]);
	if (found === undefined) throw Object.assign(new Error('no such data'), { code: 'ENOENT' });
	const bytes = readFileSync(found);
	return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes, { maxOutputLength: MOST_BYTES }) : bytes;
}

const builtInFile = () =>
	packedFile('ocr/eng.traineddata.gz') ??
	createRequire(import.meta.url).resolve('@tesseract.js-data/eng/4.0.0_best_int/eng.traineddata.gz');
