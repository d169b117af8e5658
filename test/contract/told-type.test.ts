import assert from 'node:assert/strict';
import { saysNothing, toldType } from '../../api/contract/told-type.ts';

describe('what a sender’s word for the type of a file is worth', () => {
	const cases: [said: string | undefined, name: string, ofBody: string | null, ofFile?: string | null][] = [
		// Said for want of knowledge: the name decides.
		[undefined, 'a.md', 'text/markdown'],
		['', 'a.md', 'text/markdown'],
		['nonsense', 'a.md', 'text/markdown'],
		['application/octet-stream', 'a.md', 'text/markdown'],
		['Application/Octet-Stream; charset=binary', 'a.md', 'text/markdown; charset=binary'],
		['binary/octet-stream', 'a.pdf', 'application/pdf'],
		['application/x-www-form-urlencoded', 'a.csv', 'text/csv'],
		[undefined, 'a', null],
		['application/octet-stream', 'a', null],
		['application/octet-stream', 'a.mp4', null],
		// Written by default: an ending that is known wins.
		['text/plain', 'a.md', 'text/markdown'],
		['text/plain;charset=UTF-8', 'a.html', 'text/html; charset=UTF-8'],
		['TEXT/PLAIN; charset=koi8-r', 'dir/a.txt', 'text/plain; charset=koi8-r'],
		['application/json', 'a.md', 'text/markdown'],
		// Where the ending tells nothing a body is what it is called, a file only where it has none.
		['text/plain', 'notes', 'text/plain'],
		['text/plain', '.txt', 'text/plain'],
		['text/plain', 'www.example.com', 'text/plain', null],
		['text/plain; charset=koi8-r', 'a.xyz', 'text/plain; charset=koi8-r', null],
		['text/plain', 'film.mp4', 'text/plain', null],
		['application/json', 'orders.acme', 'application/json'],
		// Nobody writes these by default.
		['text/html', 'a.md', 'text/html'],
		[' text/html; charset=utf-8 ', 'a', 'text/html; charset=utf-8'],
		['application/vnd.ms-excel', 'a.md', 'application/vnd.ms-excel'],
		['image/png', 'a.png', 'image/png'],
		['text/plain', 'a.png', 'text/plain', 'image/png'],
	];
	for (const [said, name, ofBody, ofFile = ofBody] of cases) {
		it(`${said ?? 'no word'}, called ${name}: ${ofBody ?? 'nothing'}, of a file ${ofFile ?? 'nothing'}`, () => {
			assert.equal(toldType(said, name, 'body'), ofBody);
			assert.equal(toldType(said, name, 'file'), ofFile);
		});
	}

	it('is nothing for bytes of whatever type', () => {
		assert.deepEqual(['application/octet-stream', 'text/plain'].map(saysNothing), [true, false]);
	});
});
