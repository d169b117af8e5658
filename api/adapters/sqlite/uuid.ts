/** UUIDs are 16-byte blobs in every SQLite file: less than half the size of their text, and they sort the same way. */
export function uuidToBytes(uuid: string): Uint8Array {
	if (uuid === last.uuid) return last.bytes;
	// Nothing that is stored equals no bytes at all.
	if (uuid.length !== 36) return new Uint8Array();
	const bytes = new Uint8Array(16);
	let at = 0;
	for (let index = 0; index < 16; index += 1) {
		if (index === 4 || index === 6 || index === 8 || index === 10) at += 1;
		const high = digits[uuid.charCodeAt(at)] ?? -1;
		const low = digits[uuid.charCodeAt(at + 1)] ?? -1;
		if (high < 0 || low < 0) return new Uint8Array();
		bytes[index] = (high << 4) | low;
		at += 2;
	}
	last = { uuid, bytes };
	return bytes;
}

/** A change writes the id of its job into several columns. Nobody writes into the bytes. */
let last = { uuid: '', bytes: new Uint8Array() };

/** Values of hexadecimal digits by character code. Every accept converts several ids; a Buffer's own way takes thrice as long. */
const digits = new Int8Array(128).fill(-1);
for (const digit of '0123456789abcdefABCDEF') digits[digit.charCodeAt(0)] = Number.parseInt(digit, 16);

export function uuidFromBytes(bytes: Uint8Array): string {
	const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
