import type { DocKey } from '../../ports/index.ts';
import type { EngineState } from './engine-state.ts';
import { setUndoably } from './undo-steps.ts';
import type { Body, DocRow } from './tables.ts';

/** When a body's row goes, and when the file that it may have been goes with it. */

/** `isLeased`: a worker reads the body, and its file stays until the lease ends. */
export function dropBody(engine: EngineState, doc: DocKey, id: number | null, isLeased: boolean): void {
	const blob = id === null ? null : engine.tables.removeBody(id);
	if (blob === null) return;
	if (isLeased) setUndoably(engine, engine.leases.pinnedBlobs, doc, blob);
	else engine.transaction.doomedBlobs.push(blob);
}

/** The lease on the document ends, and with it the last use of the blob that it kept. */
export function unpinBlob(engine: EngineState, doc: DocKey): void {
	const blob = engine.leases.pinnedBlobs.get(doc);
	if (blob === undefined) return;
	setUndoably(engine, engine.leases.pinnedBlobs, doc, null);
	engine.transaction.doomedBlobs.push(blob);
}

export function dropBlob({ tables, leases, transaction }: EngineState, blob: string): void {
	const isPinned = [...leases.pinnedBlobs.values()].includes(blob);
	if (!isPinned && !tables.hasBlob(blob)) transaction.doomedBlobs.push(blob);
}

/**
 * Where a worker finds the body. What the disk has lost is a file that is not there, as a lost blob is: who reads it
 * makes that document a dead letter, with its orphan points. A claim that threw instead would keep every other
 * document from being claimed.
 */
export const contentOf = ({ blobs }: EngineState, body: Body): Uint8Array | { readonly file: string } =>
	body.kind === 'bytes' ? body.bytes : { file: blobs.path(body.kind === 'blob' ? body.blob : 'lost') };

/** What a document takes of the room for bodies: nothing where only its metadata changes, however large it is. */
export const bodyBytes = ({ body, state }: Pick<DocRow, 'body' | 'state'>): number =>
	body === null ? 0 : state.wanted.size;
