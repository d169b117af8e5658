const SECTOR = 512;
const NONE = 0xffffffff;
const END = 0xfffffffe;
const TABLE = 0xfffffffd;

/**
 * An OLE compound file of nothing but names: streams in its root, and others in a storage within it, as embedded
 * objects have them.
 */
export function oleFile(root: readonly string[], embedded: readonly string[] = []): Buffer {
	const storage = embedded.length > 0 ? ['ObjectPool'] : [];
	const first = [...root, ...storage];
	const names = ['Root Entry', ...first, ...embedded];
	const sectors = Math.ceil((names.length * 128) / SECTOR);
	const directory = Buffer.alloc(sectors * SECTOR);
	for (const [index, name] of names.entries()) {
		const at = index * 128;
		directory.write(name, at, 'utf16le');
		directory.writeUInt16LE((name.length + 1) * 2, at + 64);
		directory[at + 66] = index === 0 ? 5 : name === 'ObjectPool' ? 1 : 2;
		// Siblings hang on each other's right side; the first of a storage is its child.
		const isLast = index === 0 || index === first.length || index === names.length - 1;
		directory.writeUInt32LE(NONE, at + 68);
		directory.writeUInt32LE(isLast ? NONE : index + 1, at + 72);
		const child = index === 0 ? 1 : name === 'ObjectPool' ? first.length + 1 : NONE;
		directory.writeUInt32LE(child, at + 76);
	}
	const header = Buffer.alloc(SECTOR, 0xff);
	header.fill(0, 0, 76);
	header.write('d0cf11e0a1b11ae1', 'hex');
	header.writeUInt16LE(9, 30);
	header.writeUInt32LE(1, 44);
	// The table of chains comes first, then the directory.
	header.writeUInt32LE(1, 48);
	header.writeUInt32LE(END, 68);
	header.writeUInt32LE(0, 76);
	const table = Buffer.alloc(SECTOR, 0xff);
	table.writeUInt32LE(TABLE, 0);
	for (let sector = 1; sector <= sectors; sector += 1)
		table.writeUInt32LE(sector === sectors ? END : sector + 1, sector * 4);
	return Buffer.concat([header, table, directory]);
}
