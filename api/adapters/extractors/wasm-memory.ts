/**
 * The memory of a WebAssembly program has a maximum, which its makers chose large. Nothing else bounds it: V8's limit
 * counts what lies on its own heap. A program that asks for more than the maximum ends with an error that can be caught.
 */
const PAGE_BYTES = 65_536;
const MEMORY_SECTION = 5;
/** Magic number and version. */
const HEADER_BYTES = 8;

/** The same program with a smaller maximum. Throws where it has no memory of its own, or begins with more. */
export function withMemoryLimit(program: Uint8Array, maxBytes: number): Uint8Array<ArrayBuffer> {
	for (let at = HEADER_BYTES; at < program.length;) {
		const size = readNumber(program, at + 1);
		const end = size.next + size.value;
		if (program[at] === MEMORY_SECTION) {
			const section = limited(program.subarray(size.next, end), Math.floor(maxBytes / PAGE_BYTES));
			return new Uint8Array(
				Buffer.concat([
					program.subarray(0, at + 1),
					writeNumber(section.length),
					section,
					program.subarray(end),
				]),
			);
		}
		at = end;
	}
	throw new Error('the program has no memory of its own');
}

function limited(section: Uint8Array, maxPages: number): Buffer {
	const count = readNumber(section, 0);
	const flags = section[count.next] ?? 0;
	const least = readNumber(section, count.next + 1);
	const hasMost = (flags & 1) === 1;
	const most = hasMost ? readNumber(section, least.next) : { value: Infinity, next: least.next };
	if (count.value !== 1 || most.next !== section.length || least.value > maxPages)
		throw new Error(`the program has no memory that can be limited to ${maxPages} pages`);
	return Buffer.concat([
		section.subarray(0, count.next),
		Buffer.from([flags | 1]),
		writeNumber(least.value),
		writeNumber(Math.min(most.value, maxPages)),
	]);
}

/** Unsigned LEB128: seven bits a byte, the lowest first. */
function readNumber(bytes: Uint8Array, from: number): { value: number; next: number } {
	let value = 0;
	for (let at = from; at < from + 5; at += 1) {
		const byte = bytes[at] ?? 0;
		value += (byte & 0x7f) * 2 ** (7 * (at - from));
		if (byte < 0x80) return { value, next: at + 1 };
	}
	throw new Error('the program is damaged');
}

function writeNumber(value: number): Buffer {
	const bytes: number[] = [];
	for (let rest = value; ; rest = Math.floor(rest / 128)) {
		bytes.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
		if (rest < 128) return Buffer.from(bytes);
	}
}
