/** Point ids are UUIDs outside and 16 bytes in the file. Pure. */
const form = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isUuid(id: string): boolean {
	return form.test(id);
}

export function toBytes(id: string): Uint8Array {
	return Buffer.from(id.replaceAll('-', ''), 'hex');
}

export function fromBytes(bytes: Uint8Array): string {
	const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
