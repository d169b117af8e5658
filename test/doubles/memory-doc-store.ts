import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DocStore } from '../../api/ports/doc-store.ts';
import { createDocEngine, type DocEngine } from '../../api/adapters/doc-store/doc-engine.ts';
import { wholeLists } from '../../api/adapters/doc-store/list-steps.ts';
import { forward } from '../../api/adapters/thread/forward.ts';
import type { Methods } from '../../api/adapters/thread/thread-messages.ts';
import { createMemoryTables } from './memory-doc-tables.ts';

/** A document store that forgets: for tests and models. Blobs are files in a temporary folder. */
export function createMemoryDocStore(): DocStore {
	const dir = mkdtempSync(join(tmpdir(), 'docdrop-blobs-'));
	const engine = createDocEngine({
		tables: createMemoryTables(),
		blobs: { path: (blob) => join(dir, blob), remove: (blob) => rmSync(join(dir, blob), { force: true }) },
	});
	const methods: Methods = engine;
	const store = forward<DocEngine>(
		Object.keys(methods) as (keyof DocEngine)[],
		async (name, ...args: unknown[]) => engine.transaction(() => methods[name]?.(...args)),
	);
	return {
		...store,
		...wholeLists(store),
		async writeBlob(bytes) {
			const pieces: Uint8Array[] = [];
			for await (const piece of bytes) pieces.push(piece);
			const content = Buffer.concat(pieces);
			const sha256 = createHash('sha256').update(content).digest('hex');
			const blob = `${sha256}-${randomUUID().slice(0, 8)}`;
			writeFileSync(join(dir, blob), content);
			return { blob, sha256, size: content.byteLength };
		},
		blobSize: async (blob) => statSync(join(dir, blob), { throwIfNoEntry: false })?.size ?? null,
		close: async () => rmSync(dir, { recursive: true, force: true }),
	};
}
