import assert from 'node:assert/strict';
import {
	type FileType,
	fileTypes,
	mimeTypeOf,
	mimeTypes,
	pictureTypes,
	readTypes,
} from '../../api/contract/file-types.ts';

describe('mimeTypeOf', () => {
	const cases: Record<string, string | null> = {
		'a/b/readme.md': 'text/markdown',
		'README.MARKDOWN': 'text/markdown',
		'a.b.txt': 'text/plain',
		'x.text': 'text/plain',
		'server.log': 'text/plain',
		'doc.rst': 'text/x-rst',
		'C:\\docs\\page.HTM': 'text/html',
		'page.html': 'text/html',
		'page.xhtml': 'application/xhtml+xml',
		'notes.PDF': 'application/pdf',
		'src/Makefile': 'text/x-source',
		DOCKERFILE: 'text/x-source',
		'CMakeLists.txt': 'text/plain',
		README: 'text/plain',
		'a/License': 'text/plain',
		'.gitignore': null,
		'.dockerfile': null,
		'my makefile': null,
		'README/other': null,
		constructor: null,
		'picture.xyz': null,
		'.txt': null,
		'dir.txt/file': null,
		'file.': null,
		'file.constructor': null,
		'file.__proto__': null,
		'': null,
	};
	for (const [path, type] of Object.entries(cases)) {
		it(`${JSON.stringify(path)} is ${type ?? 'no known type'}`, () => assert.equal(mimeTypeOf(path), type));
	}

	it('names only types that can be read', () => {
		for (const type of Object.values(cases)) if (type !== null) assert.ok(Object.hasOwn(fileTypes, type));
	});

	it('knows every ending of the table, each for one type', () => {
		for (const [type, row] of Object.entries<FileType>({ ...fileTypes, ...pictureTypes })) {
			const { endings, fileNames = [] } = row;
			for (const ending of endings) assert.equal(mimeTypeOf(`a.${ending}`), type);
			for (const name of fileNames) assert.equal(mimeTypeOf(`a/${name}`), type);
		}
	});

	it('counts pictures among what is read where they are read by text recognition', () => {
		assert.deepEqual(readTypes(false), mimeTypes);
		assert.deepEqual(readTypes(true), [...mimeTypes, ...Object.keys(pictureTypes)]);
		assert.ok(!readTypes(false).includes('image/png'));
	});
});
