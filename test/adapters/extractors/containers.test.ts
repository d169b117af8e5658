import assert from 'node:assert/strict';
import { sourceOfBytes } from '../../../api/adapters/extractors/byte-source.ts';
import { openOle } from '../../../api/adapters/extractors/ole.ts';
import { createXmlCheck } from '../../../api/adapters/extractors/xml-check.ts';
import { openZip } from '../../../api/adapters/extractors/zip-parts.ts';
import { oleFileOf } from '../../support/office-files.ts';
import { zipFile } from '../../support/zip-file.ts';

const type = 'application/x-test';
const unreadable = { code: 'unreadable', message: /x-test/ };

describe('the parts of a zip', () => {
	const file = zipFile([
		{ name: 'stored', content: 'as it is' },
		{ name: 'päcked', content: 'packed '.repeat(100), isPacked: true },
	]);

	it('are there by their names, stored or packed, also behind a comment', () => {
		const zip = openZip(Buffer.concat([file, Buffer.from('a comment')]), type);
		assert.deepEqual(zip.names, ['stored', 'päcked']);
		assert.equal(zip.read('stored')?.toString(), 'as it is');
		assert.equal(zip.read('päcked')?.toString(), 'packed '.repeat(100));
		assert.equal(zip.read('another'), null);
	});

	it('are found by numbers of 64 bits', () => {
		const list = file.indexOf('PK\x01\x02', 0, 'latin1');
		const name = list + 46 + 'stored'.length;
		const long = Buffer.alloc(20);
		long.writeUInt16LE(1, 0);
		long.writeUInt16LE(16, 2);
		for (const at of [4, 12]) long.writeBigUInt64LE(8n, at);
		const large = Buffer.concat([file.subarray(0, name), long, file.subarray(name)]);
		for (const at of [20, 24]) large.writeUInt32LE(0xffffffff, list + at);
		large.writeUInt16LE(long.length, list + 30);
		const zip = openZip(large, type);
		assert.equal(zip.read('stored')?.toString(), 'as it is');
		assert.equal(zip.read('päcked')?.length, 700);
	});

	it('share one bound', () => {
		const half = { content: Buffer.alloc(70 * 1024 * 1024), isPacked: true };
		const zip = openZip(
			zipFile([
				{ name: 'one', ...half },
				{ name: 'two', ...half },
			]),
			type,
		);
		assert.equal(zip.read('one')?.length, half.content.length);
		assert.throws(() => zip.read('two'), { ...unreadable, message: /x-test.* 128 MB/ });
	});

	it('are refused where the file is damaged, and nothing else is thrown', () => {
		assert.throws(() => openZip(Buffer.from('PK\x03\x04 nothing'), type), unreadable);
		for (let length = 0; length < file.length; length += 1)
			assert.throws(() => openZip(file.subarray(0, length), type), unreadable);
		const wrong = zipFile([{ name: 'a', content: 'a', isPacked: true, packed: Buffer.from('no deflate') }]);
		assert.throws(() => openZip(wrong, type).read('a'), unreadable);
	});
});

describe('the streams of an OLE file', () => {
	const large = Buffer.from('large '.repeat(2_000));
	const file = oleFileOf({ Large: large, Small: Buffer.from('small'), Other: Buffer.alloc(300, 'o') });

	it('are there whole, in large sectors and in small ones', () => {
		const ole = openOle(sourceOfBytes(file));
		assert.deepEqual(ole.read('Large'), large);
		assert.equal(ole.read('Small')?.toString(), 'small');
		assert.equal(ole.read('Other')?.toString(), 'o'.repeat(300));
		assert.equal(ole.read('None'), null);
	});

	it('end where their chain loops or leads out of the file', () => {
		for (const next of [0, 1, 3, 0x00ffffff]) {
			const damaged = Buffer.from(file);
			// The only table of chains, by its place in the header.
			const table = (damaged.readUInt32LE(76) + 1) * 512;
			for (let at = table; at < table + 512; at += 4) damaged.writeUInt32LE(next, at);
			const ole = openOle(sourceOfBytes(damaged));
			for (const name of ole.names) assert.ok((ole.read(name)?.length ?? 0) <= large.length);
		}
	});
});

describe('the check of XML', () => {
	const check = (xml: string) => createXmlCheck(type)(Buffer.from(xml));

	it('counts how deep elements are, and nothing else', () => {
		const deep = (count: number) => '<a b="/>">'.repeat(count) + '</a>'.repeat(count);
		check(deep(256));
		assert.throws(() => check(deep(257)), { ...unreadable, message: /256 deep/ });
		for (const flat of [
			'<a/>',
			"<a b='>'/>",
			"<!-- <a> don't -->",
			'<![CDATA[<a>]]>',
			'<?a <b> ?>',
			'<!a>',
			'</a>',
		])
			check(`<x>${flat.repeat(1_000)}</x>`);
	});

	it('counts the tags of all parts of a file together', () => {
		const both = createXmlCheck(type);
		const part = Buffer.from('<a/>'.repeat(600_000));
		both(part);
		assert.throws(() => both(part), { ...unreadable, message: /1000000 tags/ });
	});
});
