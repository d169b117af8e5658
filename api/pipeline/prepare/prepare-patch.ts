/**
 * prepare.ts for a change of metadata alone: nothing is read, cut or embedded. The chunks are those of the manifest, and
 * their points stay where they are.
 *
 * Mostly only the fields on the points change. Where the words change by which a document is found (its description and
 * tags), and after an attempt that nobody knows the end of, every point is written whole, with the text that the
 * manifest has of it and the vector that the index has. Written over, a point is never missing: so no entry of the
 * manifest becomes uncertain, and an attempt that ends anywhere is finished by doing all of it again.
 */
import { embeddedText, indexedTerms, termsOf } from '../../chunking/index.ts';
import {
	bytesOfUuid,
	createRecords,
	type LargePlan,
	readMeta,
	slices,
	uuidOfBytes,
} from '../../domain/index.ts';
import type { Claimed, NewPoint } from '../../ports/index.ts';
import type { EmbedStep } from './embed.ts';
import { canKeep, changedFields, type Prepared } from './prepare.ts';
import type { LargePrepared } from './prepare-large.ts';
import type { StepDeps } from './step-deps.ts';

export interface PatchDeps extends Pick<StepDeps, 'docStore' | 'vectorStore' | 'breaker' | 'signal'> {
	readonly embed: Pick<EmbedStep, 'embed'>;
}

/** Texts and vectors that are asked for at a time. */
const pointsAtOnce = 128;
const entriesAPage = 2_000;

/** Whether a put is one: what is published is what is wanted, and nobody has sent it again. */
export const isPatch = ({ op, content }: Claimed): boolean => op === 'put' && content === null;

export async function preparePatch(claimed: Claimed, deps: PatchDeps): Promise<Prepared> {
	const { manifest, orphans } = claimed;
	const ids = manifest.map(({ pointId }) => pointId);
	const points: NewPoint[] = [];
	if (!canKeep(claimed)) {
		for (const some of slices(ids, pointsAtOnce)) points.push(...(await rewritten(claimed, some, deps)));
	}
	const stays = new Set(ids);
	const gone = orphans.filter((id) => !stays.has(id));
	const plan = { added: [], kept: ids, reordered: [], gone, uncertain: [], manifest };
	return { claimed, plan, points, reused: 0, ...patchedFields(claimed) };
}

/** Of more chunks than are in memory at a time: their names are, packed, and `rewrite` makes the points of a slice. */
export async function preparePatchLarge(claimed: Claimed, deps: PatchDeps): Promise<LargePrepared> {
	const certain = createRecords(16);
	const orphans = createRecords(16);
	for (let after: string | null = null; ;) {
		const page = await deps.docStore.entries(claimed.lease, after, entriesAPage);
		for (const { pointId, isCertain } of page) (isCertain ? certain : orphans).add(bytesOfUuid(pointId));
		if (page.length < entriesAPage) break;
		after = page.at(-1)?.pointId ?? null;
	}
	const idOf = (index: number) => uuidOfBytes(certain.at(index));
	const plan: LargePlan = {
		chunks: certain.count(),
		kept: certain.count(),
		gone: orphans.count(),
		pointId: idOf,
		order: () => '',
		isKept: () => true,
		isKnown: () => true,
		isOfManifest: () => true,
		keptIds: () => Array.from({ length: certain.count() }, (_, index) => idOf(index)),
		reordered: () => [],
		goneIds(from, to) {
			const length = Math.max(0, Math.min(to, orphans.count()) - from);
			return { ids: Array.from({ length }, (_, at) => uuidOfBytes(orphans.at(from + at))), certain: [] };
		},
	};
	const rewrite = canKeep(claimed) ? null : (ids: readonly string[]) => rewritten(claimed, ids, deps);
	return { claimed, plan, spool: null, rewrite, embedded: 0, reused: 0, ...patchedFields(claimed) };
}

function patchedFields(claimed: Claimed) {
	const { published } = claimed;
	if (published === null) throw new Error('a change of metadata of a document that is not published');
	return changedFields(claimed, published, { title: published.title, warnings: [] });
}

/** What the index has lost of them is embedded, as a repair would. */
async function rewritten(claimed: Claimed, ids: readonly string[], deps: PatchDeps): Promise<NewPoint[]> {
	const { tenant, docId, lease, meta } = claimed;
	const chunks = await deps.docStore.texts(lease.doc, ids);
	const known = await deps.breaker.run(() => deps.vectorStore.vectors(tenant, ids), deps.signal);
	const lost = chunks.filter(({ pointId }) => !known.has(pointId));
	const made = await deps.embed.embed(lost.map(embeddedText), claimed);
	const vectors = new Map([...known, ...lost.map(({ pointId }, at) => [pointId, made[at]] as const)]);
	const naming = { docId, ...readMeta(meta) };
	return chunks.map(({ pointId: id, text: content, heading, page, order }): NewPoint => {
		const vector = vectors.get(id);
		if (vector === undefined) throw new Error('a chunk without its vector');
		const terms = indexedTerms(termsOf(embeddedText({ heading, text: content })).join(' '), naming);
		return { id, vector, terms, content, heading, page, order };
	});
}
