import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createInProcessExtractor } from '../../api/adapters/extractors/in-process.ts';
import type { Bench } from './bench.ts';
import { createEncoder } from '../support/legacy-bytes.ts';
import { round } from './table.ts';

/**
 * How many texts in charsets of the past are read in the right one, where nothing says which it is. The texts are
 * paragraphs of the Debian handbook, which its translators have given 25 languages.
 */
export interface CharsetRow {
	readonly charset: string;
	readonly texts: number;
	readonly right: number;
	/** By what the others were read as. */
	readonly wrong: Readonly<Record<string, number>>;
}

/** Charsets, and languages that were written in them, as the handbook names them. */
const charsets: Readonly<Record<string, readonly string[]>> = {
	'windows-1250': ['pl-PL', 'cs-CZ', 'hr-HR'],
	'iso-8859-2': ['pl-PL', 'cs-CZ', 'hr-HR'],
	'windows-1251': ['ru-RU'],
	'koi8-r': ['ru-RU'],
	'windows-1252': ['de-DE', 'fr-FR', 'es-ES', 'pt-BR', 'it-IT', 'sv-SE', 'nb-NO'],
	'windows-1253': ['el-GR'],
	'windows-1254': ['tr-TR'],
	'windows-1256': ['ar-MA', 'fa-IR'],
	shift_jis: ['ja-JP'],
	'euc-jp': ['ja-JP'],
	gb18030: ['zh-CN'],
	big5: ['zh-TW', 'zh-CN'],
	'euc-kr': ['ko-KR'],
};
const ofLatin: ReadonlySet<string> = new Set(['windows-1250', 'iso-8859-2', 'windows-1252', 'windows-1254']);

const mostTexts = 64;
const textChars = 1_000;
const gate = 0.95;

export async function* readCharsets(bench: Bench): AsyncGenerator<CharsetRow> {
	const handbook = await handbookOf(bench);
	const extractor = createInProcessExtractor();
	for (const [charset, languages] of Object.entries(charsets)) {
		const { kept, encode } = createEncoder(charset);
		const leastBeyond = ofLatin.has(charset) ? 0.02 : 0.4;
		const texts: string[][] = [];
		for (const language of languages) {
			const paragraphs = (await paragraphsOf(join(handbook, language))).map((paragraph) =>
				// Persian took the Arabic letter there.
				kept(paragraph.replaceAll('ی', 'ي')),
			);
			// What nobody has translated stands there in English.
			texts.push(textsOf(paragraphs.filter((paragraph) => shareBeyondAscii(paragraph) >= leastBeyond)));
		}
		const wrong: Record<string, number> = {};
		let right = 0;
		const chosen = inTurns(texts).slice(0, mostTexts);
		for (const text of chosen) {
			const content = encode(text);
			const { charset: found } = await extractor.extract({ content, mimeType: 'text/plain' });
			const label = found ?? 'none';
			if (found !== null && found !== undefined && new TextDecoder(found).decode(content) === text)
				right += 1;
			else wrong[label] = (wrong[label] ?? 0) + 1;
		}
		yield { charset, texts: chosen.length, right, wrong };
	}
}

export function charsetsSummary(rows: readonly CharsetRow[]) {
	const texts = rows.reduce((sum, row) => sum + row.texts, 0);
	const right = round(rows.reduce((sum, row) => sum + row.right, 0) / texts, 4);
	return { texts, right, missed: right < gate ? [`charsets, ${right} right, gate ${gate}`] : [] };
}

export function printCharset({ charset, texts, right, wrong }: CharsetRow): void {
	const others = Object.entries(wrong).map(([name, count]) => `, ${count} as ${name}`);
	console.log(`  ${charset.padEnd(12)} ${right} of ${texts} texts right${others.join('')}`);
}

/** Its folder of languages. */
async function handbookOf(bench: Bench): Promise<string> {
	const cwd = await bench.temp();
	const command = 'apt-get download -q debian-handbook && dpkg-deb -x debian-handbook_*.deb .';
	await promisify(execFile)('sh', ['-c', command], { cwd, signal: bench.signal });
	return join(cwd, 'usr/share/doc/debian-handbook/html');
}

async function paragraphsOf(dir: string): Promise<string[]> {
	const names = (await readdir(dir)).filter((name) => name.endsWith('.html')).toSorted();
	const pages = await Promise.all(names.map((name) => readFile(join(dir, name), 'utf8')));
	return pages
		.flatMap((page) => [...page.matchAll(/<div class="para">((?:[^<]|<(?!\/?div))*)<\/div>/g)])
		.map(([, html = '']) =>
			html
				.replace(/<[^>]*>|&#?\w+;/g, ' ')
				.replace(/\s+/g, ' ')
				.trim(),
		);
}

function shareBeyondAscii(text: string): number {
	const letters = text.match(/\p{L}/gu) ?? [];
	return letters.filter((letter) => letter > '\x7f').length / Math.max(1, letters.length);
}

/** Of about one length. */
function textsOf(paragraphs: readonly string[]): string[] {
	const texts: string[] = [];
	let text = '';
	for (const paragraph of paragraphs) {
		text += `${paragraph}\n\n`;
		if (text.length < textChars) continue;
		texts.push(text);
		text = '';
	}
	return texts;
}

/** One of each in turn, as long as it has any. */
const inTurns = (lists: readonly (readonly string[])[]): string[] =>
	Array.from({ length: Math.max(...lists.map(({ length }) => length)) }, (_, at) =>
		lists.flatMap((list) => list.slice(at, at + 1)),
	).flat();
