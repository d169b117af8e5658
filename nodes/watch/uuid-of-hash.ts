/**
 * A UUID of version 8 (RFC 9562), made of a hash of our own choice: for sources that are the same again whenever
 * the same things name them. `hex`: at least 32 digits of a hash.
 */
export function uuidOfHash(hex: string): string {
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
