import type { DocStore, DocumentState } from '../../ports/index.ts';

/**
 * A followed folder beside what is published of it. Nothing is held: both sides move. A difference counts only where the
 * folder's row was the same before and after the document was looked at, had been acknowledged, and the document was
 * at rest, because what is acknowledged has been accepted before.
 */
export interface AuditedFolder {
	readonly tenant: string;
	readonly sourceId: string;
	/** What its watch engine says. */
	readonly status: () => {
		readonly roots: readonly {
			readonly files: number;
			readonly digest: string;
			readonly deliveredDigest: string;
		}[];
		/** Whether its state has been told as a whole since it began; one that was lost begins anew. */
		readonly snapshot: { readonly closed: boolean };
	};
	/** The same object as long as nothing has changed; undefined: no such file. */
	readonly row: (docId: string) => FolderRow | undefined;
	/** May change while it is walked through. */
	readonly rows: () => Iterable<readonly [docId: string, FolderRow]>;
	/** Has the file told of once more, as if it had never been; false where it is not there. */
	readonly tellAgain: (docId: string) => boolean;
}

/** The part of the watch engine's row that is compared. */
interface FolderRow {
	readonly seen: { readonly sha256: string } | null;
	readonly delivered: { readonly sha256: string } | null;
	readonly seq: number;
	readonly deliveredSeq: number;
	readonly failed: object | null;
}

/** Whether a file that was delivered is published otherwise, or not at all. */
export async function fileDiffers(
	folder: AuditedFolder,
	docId: string,
	docStore: Pick<DocStore, 'document'>,
): Promise<boolean> {
	const row = folder.row(docId);
	if (row === undefined || !isAcknowledged(row) || row.delivered === null) return false;
	const document = await docStore.document(folder.tenant, docId);
	if (folder.row(docId) !== row) return false;
	if (document === null) return true;
	// Whose it is by now is somebody else's to say, and what was withdrawn by a person is told of as that.
	if (!isAtRest(document) || document.sourceId !== folder.sourceId) return false;
	return document.published?.sha256 !== row.delivered.sha256;
}

/** Whether a document of the folder is published and the folder knows no such file. */
export async function isLeftOver(
	folder: AuditedFolder,
	{ docId, version }: Pick<DocumentState, 'docId' | 'version'>,
	docStore: Pick<DocStore, 'document'>,
): Promise<boolean> {
	if (!folder.status().snapshot.closed || folder.row(docId) !== undefined) return false;
	const document = await docStore.document(folder.tenant, docId);
	if (document === null || folder.row(docId) !== undefined) return false;
	const isSame = document.version === version && document.sourceId === folder.sourceId;
	return isSame && isAtRest(document) && document.published !== null;
}

const isAcknowledged = ({ seen, delivered, seq, deliveredSeq, failed }: FolderRow): boolean =>
	deliveredSeq === seq && failed === null && seen !== null && seen.sha256 === delivered?.sha256;

const isAtRest = ({ state }: DocumentState): boolean =>
	state === 'published' || state === 'deleted' || state === 'failed';
