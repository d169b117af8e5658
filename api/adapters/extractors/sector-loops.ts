/**
 * Whether the sectors of an OLE compound file lead in a circle, which readers that follow them do not survive: the
 * table of chains names for each sector the one behind it, and a second one does so for the small sectors.
 */

/** Sector numbers from here on mean that there is none, or that the chain ends. */
const NO_SECTOR = 0xfffffffa;
const TABLES_IN_HEADER = 109;

export function hasSectorLoop(bytes: Uint8Array): boolean {
	const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	if (file.length < 512) return false;
	const sectorBytes = 1 << Math.min(file.readUInt16LE(30), 12);
	const sectors = Math.ceil(file.length / sectorBytes);
	const sector = (index: number) => {
		const part = file.subarray((index + 1) * sectorBytes, (index + 2) * sectorBytes);
		return Array.from({ length: Math.floor(part.length / 4) }, (_, at) => part.readUInt32LE(at * 4));
	};
	const tables = Array.from({ length: TABLES_IN_HEADER }, (_, at) => file.readUInt32LE(76 + at * 4));
	let more = file.readUInt32LE(68);
	for (; more < NO_SECTOR && tables.length < sectors;) {
		const list = sector(more);
		more = list.pop() ?? NO_SECTOR;
		tables.push(...list);
	}
	const chains = tables.slice(0, sectors).flatMap((table) => (table < NO_SECTOR ? sector(table) : []));
	if (more < NO_SECTOR || leadsInCircle(chains)) return true;
	const small: number[] = [];
	for (let at = file.readUInt32LE(60); at < NO_SECTOR; at = chains[at] ?? NO_SECTOR)
		small.push(...sector(at));
	return leadsInCircle(small);
}

function leadsInCircle(next: readonly number[]): boolean {
	/** By which walk each was seen first. */
	const seen = new Uint32Array(next.length);
	for (let start = 0; start < next.length; start += 1) {
		for (let at = start; at < next.length && (next[at] ?? 0) < NO_SECTOR; at = next[at] ?? NO_SECTOR) {
			if (seen[at] === start + 1) return true;
			if (seen[at] !== 0) break;
			seen[at] = start + 1;
		}
	}
	return false;
}
