import type { PreviewResponse } from '../../contract/preview-schema.ts';
import type { Allotment } from '../admission/index.ts';
import type { DocStore, Extractor } from '../../ports/index.ts';
import type { Normalised } from './checks.ts';
import { isNamedAlike } from '../../chunking/index.ts';
import { plan, readingOf, readMeta } from '../../domain/index.ts';

interface PreviewDeps {
	readonly docStore: DocStore;
	readonly extractor: Extractor;
	readonly fingerprint: string;
	/** Places: each holds a whole document, what is published of it, and a process that reads. */
	readonly previews: Allotment;
	/** The caller hung up: it waits no more. Work that was begun keeps its place until it is done. */
	readonly gone?: AbortSignal;
}

/** What publishing this document would do to the index now: the same extraction and the same plan, nothing written. */
export async function preview(document: Normalised, deps: PreviewDeps): Promise<PreviewResponse> {
	const leave = await deps.previews.take(document.input.tenant, 1, deps.gone);
	try {
		return await previewNow(document, deps);
	} finally {
		leave();
	}
}

async function previewNow(document: Normalised, deps: PreviewDeps): Promise<PreviewResponse> {
	const { tenant, docId } = document.input;
	const [state, manifest] = await Promise.all([
		deps.docStore.document(tenant, docId),
		deps.docStore.manifest(tenant, docId),
	]);
	const published = state?.published ?? null;
	const bytes = document.bytes ?? '';
	const content = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
	const {
		title,
		mimeType,
		charset = null,
		warnings,
		chunks,
	} = document.op === 'delete'
		? { title: null, mimeType: null, warnings: [], chunks: [] }
		: await deps.extractor.extract({ content, ...readingOf(document.meta) });
	const canKeep =
		published?.fingerprint === deps.fingerprint &&
		(document.op === 'delete' || isNamedAlike(docId, readMeta(published.meta), readMeta(document.meta)));
	const next = plan({ tenant, docId, chunks, manifest, orphans: [], canKeep });
	const { added, kept, gone } = next;
	const known = document.op === 'delete' ? new Set<string>() : await hashesOfPrevious(document, deps);
	const reused = added.filter(({ hash }) => known.has(hash)).length;
	const isSame = canKeep && published?.sha256 === document.sha256 && published.meta === document.meta;
	const keptIds = new Set(kept);
	return {
		tenant,
		docId,
		state:
			document.op === 'delete'
				? published === null
					? 'unchanged'
					: 'deleted'
				: published === null
					? 'new'
					: isSame
						? 'unchanged'
						: 'changed',
		title: document.op === 'delete' ? null : (readMeta(document.meta).title ?? title),
		mimeType,
		charset,
		contentSha256: document.op === 'delete' ? null : document.sha256,
		bytes: document.size,
		warnings: [...warnings],
		diff: { added: added.length, kept: kept.length, removed: gone.length, embeddings: added.length - reused },
		chunks: chunks.map(({ heading, page, text }, index) => ({
			index,
			change: keptIds.has(next.manifest[index]?.pointId ?? '') ? 'kept' : 'added',
			heading,
			page,
			text,
		})),
	};
}

/** Chunks whose vectors a move would take over, see reuse.ts. */
async function hashesOfPrevious(
	{ input: { tenant, previous } }: Normalised,
	{ docStore, fingerprint }: PreviewDeps,
): Promise<Set<string>> {
	if (previous === undefined || (previous.tenant ?? tenant) !== tenant) return new Set();
	const old = await docStore.document(tenant, previous.docId);
	if (old?.published?.fingerprint !== fingerprint) return new Set();
	return new Set((await docStore.manifest(tenant, previous.docId)).map(({ hash }) => hash));
}
