import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { openFileSource, sourceOfBytes } from '../../../api/adapters/extractors/byte-source.ts';
import { sniff } from '../../../api/adapters/extractors/sniff.ts';
import { isDocDropError } from '../../../api/errors.ts';
import { oleFile } from '../../support/ole-file.ts';
import { zipFile } from '../../support/zip-file.ts';

const of = (content: string | Uint8Array, claimed = 'text/plain') =>
	sniff(sourceOfBytes(typeof content === 'string' ? Buffer.from(content, 'latin1') : content), claimed);
const zip = (...names: string[]) => zipFile(names.map((name) => ({ name, content: `content of ${name}` })));
const office = 'application/vnd.openxmlformats-officedocument.';

describe('sniff', () => {
	const pdf = '%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj';
	const binary: Record<string, readonly [content: string | Uint8Array, type: string]> = {
		'a PDF': [pdf, 'application/pdf'],
		'an RTF': ['{\\rtf1\\ansi Text}', 'application/rtf'],
		'a picture': ['\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'image/png'],
		'a Word document': [
			zip('[Content_Types].xml', 'word/document.xml'),
			`${office}wordprocessingml.document`,
		],
		slides: [zip('[Content_Types].xml', 'ppt/presentation.xml'), `${office}presentationml.presentation`],
		'a sheet': [zip('xl/workbook.xml', '[Content_Types].xml'), `${office}spreadsheetml.sheet`],
		'a sheet of a Windows program': [zip('XL\\WORKBOOK.XML'), `${office}spreadsheetml.sheet`],
		'a binary sheet': [zip('xl/workbook.bin'), 'application/vnd.ms-excel.sheet.binary.macroenabled.12'],
		'an OpenDocument text': [
			zipFile([{ name: 'mimetype', content: 'application/vnd.oasis.opendocument.text' }]),
			'application/vnd.oasis.opendocument.text',
		],
		'an OpenDocument template': [
			zipFile([{ name: 'mimetype', content: 'application/vnd.oasis.opendocument.spreadsheet-template' }]),
			'application/vnd.oasis.opendocument.spreadsheet',
		],
		'an EPUB': [zipFile([{ name: 'mimetype', content: 'application/epub+zip\n' }]), 'application/epub+zip'],
		'an EPUB without its type': [zip('META-INF/container.xml'), 'application/epub+zip'],
		'another zip': [zip('readme.txt'), 'application/zip'],
		'an old Word document': [oleFile(['WordDocument', '1Table']), 'application/msword'],
		'an old sheet': [oleFile(['Workbook']), 'application/vnd.ms-excel'],
		'an older sheet': [oleFile(['Book']), 'application/vnd.ms-excel'],
		'old slides': [oleFile(['Current User', 'PowerPoint Document']), 'application/vnd.ms-powerpoint'],
		'a message': [oleFile(['__properties_version1.0', '__substg1.0_0037001F']), 'application/vnd.ms-outlook'],
		'another OLE file': [oleFile(['Contents']), 'application/x-ole-storage'],
	};
	for (const [what, [content, type]] of Object.entries(binary)) {
		it(`knows ${what} by its content, whatever it is called`, () => {
			assert.equal(of(content), type);
			assert.equal(of(content, 'text/markdown'), type);
			assert.equal(of(content, 'application/pdf'), type);
		});
	}

	it('takes the kind of an OpenDocument from its name where its type is not the first entry', () => {
		const sheet = 'application/vnd.oasis.opendocument.spreadsheet';
		assert.equal(of(zip('META-INF/manifest.xml', 'content.xml', 'mimetype'), sheet), sheet);
	});

	it('does not take an object within a document for the document', () => {
		assert.equal(of(oleFile(['Workbook'], ['WordDocument'])), 'application/vnd.ms-excel');
	});

	it('says of an Office document with a password what it is', () => {
		assert.throws(() => of(oleFile(['EncryptionInfo', 'EncryptedPackage'])), { code: 'encrypted' });
	});

	it('believes a name among types of text, also of a text that begins like a file', () => {
		for (const text of [
			'<!doctype html><p>x',
			'# Title',
			'a\tb',
			'%PDF-1.7 is the version that most programs write.',
			'{\\rtf is how RTF begins',
			'GIF89a is a format',
			'',
		]) {
			for (const claimed of ['text/plain', 'text/html', 'text/markdown'])
				assert.equal(of(text, claimed), claimed);
		}
	});

	const asText: readonly (readonly [content: string | Uint8Array, claimed: string, type: string])[] = [
		['<html><body><p>x', 'application/msword', 'text/html'],
		['\ufeff <!-- x --> <TABLE>', 'application/vnd.ms-excel', 'text/html'],
		['<?xml version="1.0"?>\n<html xmlns="x">', 'application/msword', 'application/xhtml+xml'],
		['<?xml version="1.0"?><Workbook>', 'application/vnd.ms-excel', 'application/xml'],
		['<!DOCTYPE html><title>Not found', 'application/pdf', 'text/html'],
		['name\tprice\n', 'application/vnd.ms-excel', 'text/tab-separated-values'],
		[Buffer.from('\ufeffname\tprice\n', 'utf16le'), 'application/vnd.ms-excel', 'text/tab-separated-values'],
		['name;price\n', 'application/vnd.ms-excel', 'text/csv'],
		['MIME-Version: 1.0\r\n', 'application/msword', 'message/rfc822'],
		['Dear Sir or Madam', 'application/msword', 'text/plain'],
		[' \r\n\t ', 'application/pdf', 'text/plain'],
		['Dear Sir or Madam', 'application/pdf', 'application/pdf'],
		['junk before the mark %PDF-1.4\n', 'application/pdf', 'application/pdf'],
	];
	for (const [content, claimed, type] of asText) {
		it(`takes ${JSON.stringify(String(content))} called ${claimed} for ${type}`, () =>
			assert.equal(of(typeof content === 'string' ? Buffer.from(content) : content, claimed), type));
	}

	it('sees of a file on disk what it sees of its bytes', () => {
		const dir = mkdtempSync(join(tmpdir(), 'docdrop-sniff-'));
		try {
			const file = join(dir, 'content');
			for (const [content, type] of Object.values(binary)) {
				writeFileSync(file, typeof content === 'string' ? Buffer.from(content, 'latin1') : content);
				const source = openFileSource(file);
				try {
					assert.equal(sniff(source, 'text/plain'), type);
				} finally {
					source.close();
				}
			}
		} finally {
			rmSync(dir, { recursive: true });
		}
	});

	it('ends for any damage', () => {
		const files = [oleFile(['Workbook', 'x']), zip('word/document.xml', 'b'), Buffer.from(pdf, 'latin1')];
		const anyDamage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 40 });
		fc.assert(
			fc.property(fc.constantFrom(...files), anyDamage, fc.nat(), (file, damage, cut) => {
				const bytes = Buffer.from(file);
				for (const [at, value] of damage) bytes[8 + (at % (bytes.length - 8))] = value;
				try {
					assert.match(of(bytes.subarray(0, 8 + (cut % (bytes.length - 7))), 'application/pdf'), /^\w+\//);
				} catch (error) {
					assert.ok(isDocDropError(error), String(error));
				}
			}),
			{ numRuns: 2_000 },
		);
	});
});
