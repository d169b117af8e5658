import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createFormFrame } from '../../api/http/form-frame.ts';
import { limits } from '../../api/contract/limits.ts';
import { boundary, file, field, formBytes, formEnd, partBytes } from '../support/form.ts';

/** What is seen of a form's bytes as they pass. */
const framed = (bytes: Uint8Array, cuts: readonly number[] = []) => {
	const frame = createFormFrame(boundary);
	let from = 0;
	for (const at of [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b)) {
		frame.push(bytes.subarray(from, at));
		from = at;
	}
	frame.push(bytes.subarray(from));
	return frame;
};
const endOf = (bytes: Uint8Array, parts: number, cuts: readonly number[] = []): string => {
	try {
		const frame = framed(bytes, cuts);
		frame.check();
		frame.checkEnd(parts);
		return 'whole';
	} catch (error) {
		return (error as Error).message;
	}
};

describe('the frame of a form', () => {
	it('counts parts, however its bytes are cut into pieces', () => {
		const marks = ['\r', '\n', '-', 'a', `--${boundary}`, '\r\n', 'text'] as const;
		const body = fc.array(fc.constantFrom(...marks), { maxLength: 12 }).map((all) => all.join(''));
		fc.assert(
			fc.property(fc.array(body, { maxLength: 4 }), fc.array(fc.nat(), { maxLength: 8 }), (all, cuts) => {
				// A content cannot hold its own delimiter.
				const sound = all.map((one) => one.replaceAll(`\n--${boundary}`, 'x').replace(/^--/, 'x'));
				const bytes = formBytes(sound.map((one, at) => file(`${at}.md`, one)));
				assert.equal(endOf(bytes, sound.length, cuts), 'whole', JSON.stringify(sound));
				assert.match(endOf(bytes, sound.length + 1, cuts), /and a name/);
			}),
		);
	});

	it('has ended with its last boundary, and not before', () => {
		const parts = [field('tenant', 'acme'), file('a.md')];
		assert.equal(endOf(formBytes(parts), 2), 'whole');
		assert.equal(endOf(Buffer.concat([formBytes(parts), partBytes(file('after.md'))]), 2), 'whole');
		const start = formBytes(parts).length - formEnd.length;
		for (const kept of [0, 2, formEnd.length - 3])
			assert.match(endOf(formBytes(parts).subarray(0, start + kept), 2), /must end/);
		assert.match(endOf(Buffer.from('no form at all'), 0), /must end/);
		assert.match(endOf(Buffer.alloc(0), 0), /must end/);
	});

	it('counts a part whose headers a boundary ends', () => {
		const cut = Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="file"\r\n`);
		assert.equal(endOf(Buffer.concat([cut, formEnd]), 1), 'whole');
		assert.equal(endOf(Buffer.concat([cut, Buffer.from('\r\n'), formEnd]), 1), 'whole');
	});

	it('tells which type each part says to be, with all that stands behind it, however it is cut', () => {
		const said = 'Content-Disposition: form-data; name="file"; filename="a.md"\r\n';
		const parts = [
			file('a.md', 'Content-Type: no/header', { type: 'text/plain; charset=windows-1251' }),
			field('tenant', 'acme'),
			file('', 'x', { headers: `${said}CONTENT-TYPE:\ttext/html;\r\n charset="koi8-r" \r\nX: 1` }),
			file('', 'x', { headers: `${said}Content-Type:` }),
			file('', 'x', { headers: `X-Content-Type: a/b\r\n${said.trim()}` }),
		];
		const types = ['text/plain; charset=windows-1251', null, 'text/html; charset="koi8-r"', null, null, null];
		fc.assert(
			fc.property(fc.array(fc.nat(), { maxLength: 12 }), (cuts) => {
				const frame = framed(formBytes(parts), cuts);
				assert.deepEqual(
					types.map((_type, at) => frame.contentTypeOf(at + 1)),
					types,
				);
			}),
		);
	});

	it('bounds the headers of a part, byte by byte', () => {
		const named = 'Content-Disposition: form-data; name="file"; filename="a.md"';
		// The line end of the boundary counts with them.
		const most = limits.partHeaderBytes - `${named}\r\nX: `.length - 2;
		const part = (length: number) => file('', 'x', { headers: `${named}\r\nX: ${'x'.repeat(length)}` });
		for (const cuts of [[], [5_000, 10_000, 16_300]]) {
			assert.equal(endOf(formBytes([part(most)]), 1, cuts), 'whole');
			assert.match(endOf(formBytes([part(most + 1)]), 1, cuts), /headers of a part must be at most 16384/);
		}
		const endless = Buffer.concat([Buffer.from(`--${boundary}\r\n`), Buffer.alloc(20_000, 'x')]);
		assert.throws(() => framed(endless).check(), /headers of a part/);
	});

	it('bounds all of it', () => {
		const piece = Buffer.alloc(16 * 1_048_576);
		const frame = createFormFrame(boundary);
		for (let bytes = 0; bytes < limits.uploadBytes; bytes += piece.length) frame.push(piece);
		frame.check();
		frame.push(Buffer.from('x'));
		assert.throws(() => frame.check(), /a form must be at most 1073741824 bytes/);
	});
});
