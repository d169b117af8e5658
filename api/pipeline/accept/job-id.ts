import { randomBytes } from 'node:crypto';

/**
 * UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, then a 12-bit counter that starts at random each
 * millisecond and grows within it, then 62 random bits. Ids of one process sort in the order in which they
 * were made, so receipts are appended to their index and never spread over it.
 */
export function createJobIds(now: () => number): () => string {
	let last = 0;
	let counter = 0;
	let pool = Buffer.alloc(0);
	let used = 0;
	return () => {
		if (used + 10 > pool.length) {
			pool = randomBytes(4096);
			used = 0;
		}
		const random = pool.subarray(used, (used += 10));
		const at = now();
		if (at > last) {
			last = at;
			counter = random.readUInt16BE(8) & 0x7ff;
		} else if ((counter += 1) > 0xfff) {
			// The counter is used up: borrow from the future, as the RFC allows.
			last += 1;
			counter = 0;
		}
		const time = last.toString(16).padStart(12, '0');
		const variant = ((random[0] ?? 0) & 0x3f) | 0x80;
		const tail = random.toString('hex', 1, 8);
		const head = variant.toString(16).padStart(2, '0') + tail.slice(0, 2);
		return `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${head}-${tail.slice(2)}`;
	};
}
