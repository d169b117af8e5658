import type { PreviewResponse } from '../../contract/preview-schema.ts';
import type { Allotment, Caller } from '../admission/index.ts';
import type { Chunk, DocStore, Extractor } from '../../ports/index.ts';
import type { Normalised } from './checks.ts';
import { isNamedAlike } from '../../chunking/index.ts';
import {
	createLargePlanner,
	type LargePlan,
	type ManifestEntry,
	readingOf,
	readMeta,
	slices,
} from '../../domain/index.ts';
import { loopTurn } from '../../loop-turn.ts';

interface PreviewDeps {
	readonly docStore: DocStore;
	readonly extractor: Extractor;
	readonly fingerprintOf: (mimeType: string) => string;
	/** Places: each holds a whole document, what is published of it, and a process that reads. */
	readonly previews: Allotment;
	readonly caller?: Caller;
}

/** So many chunks are named and compared in one turn of the event loop. */
const chunksATurn = 256;

/** What publishing this document would do to the index now: the same extraction and the same plan, nothing written. */
export async function preview(document: Normalised, deps: PreviewDeps): Promise<PreviewResponse> {
	const { previews, caller } = deps;
	const leave = await previews.take(document.input.tenant, 1, caller?.gone);
	try {
		const answer = await previewNow(document, deps);
		void Promise.resolve(caller?.left).then(leave);
		return answer;
	} catch (error) {
		leave();
		throw error;
	}
}

async function previewNow(document: Normalised, deps: PreviewDeps): Promise<PreviewResponse> {
	const { tenant, docId } = document.input;
	const [state, manifest] = await Promise.all([
		deps.docStore.document(tenant, docId),
		deps.docStore.manifest(tenant, docId),
	]);
	const published = state?.published ?? null;
	const fingerprint = deps.fingerprintOf(document.mimeType);
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
		published?.fingerprint === fingerprint &&
		(document.op === 'delete' || isNamedAlike(docId, readMeta(published.meta), readMeta(document.meta)));
	const next = await planInTurns({ tenant, docId, chunks, manifest, canKeep });
	const own = published?.fingerprint === fingerprint ? manifest.map(({ hash }) => hash) : [];
	const known = new Set([
		...own,
		...(document.op === 'delete' ? [] : await hashesOfPrevious(document, deps)),
	]);
	const reused = chunks.filter(({ hash }, index) => !next.isKept(index) && known.has(hash)).length;
	const added = next.chunks - next.kept;
	const isSame = canKeep && published?.sha256 === document.sha256 && published.meta === document.meta;
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
		diff: { added, kept: next.kept, removed: next.gone, embeddings: added - reused },
		chunks: chunks.map(({ heading, page, tokens, text }, index) => ({
			index,
			change: next.isKept(index) ? 'kept' : 'added',
			heading,
			page,
			...(tokens !== undefined && { tokens }),
			text,
		})),
	};
}

/** The plan as a large document's is made: a preview may have thousands of chunks, and holds nobody up. */
async function planInTurns({
	tenant,
	docId,
	chunks,
	manifest,
	canKeep,
}: {
	readonly tenant: string;
	readonly docId: string;
	readonly chunks: readonly Chunk[];
	readonly manifest: readonly ManifestEntry[];
	readonly canKeep: boolean;
}): Promise<LargePlan> {
	const planner = createLargePlanner(tenant, docId);
	for (const slice of slices(chunks, chunksATurn)) {
		await loopTurn();
		for (const { hash } of slice) planner.add(hash);
	}
	planner.addEntries(manifest.map(({ pointId, order }) => ({ pointId, order, isCertain: true })));
	return planner.finish(canKeep, loopTurn);
}

/** Chunks whose vectors a move would take over, see reuse.ts. */
async function hashesOfPrevious(
	{ input: { tenant, previous }, mimeType }: Normalised,
	{ docStore, fingerprintOf }: PreviewDeps,
): Promise<Set<string>> {
	if (previous === undefined || (previous.tenant ?? tenant) !== tenant) return new Set();
	const old = await docStore.document(tenant, previous.docId);
	if (old?.published?.fingerprint !== fingerprintOf(mimeType)) return new Set();
	return new Set((await docStore.manifest(tenant, previous.docId)).map(({ hash }) => hash));
}
