import { limits } from '../contract/limits.ts';
import { DocDropError } from '../errors.ts';
import type { DocState, Published } from './doc-state.ts';
import { canonicalJson, readMeta, writeMeta } from './meta.ts';
import type { Arrival } from './place.ts';

/**
 * A change of metadata alone: the content stays what it is, whether it waits, is worked on or is published. Pure.
 *
 * It meets the newest accepted state, as every change does, and becomes a put of that state's content with other
 * fields. What waits keeps its body. What is published has none any more: its chunks are in the manifest and its vectors
 * in the index, and only the fields beside them are written. Because the chunks stay those of the pipeline that made
 * them, so does the fingerprint, and nothing is ever embedded for it.
 */

/** Names and their new values, each as a whole; null takes the name away. */
export type MetadataPatch = Readonly<Record<string, unknown>>;

/** As a change carries it: canonical, so that it says the same in every process. */
export const writePatch = (patch: MetadataPatch): string => canonicalJson(patch);

/** Why a document cannot take it; `bytes`: of the metadata that it would have. */
export type Unfit =
	{ readonly reason: 'absent' | 'content_gone' } | { readonly reason: 'too_large'; readonly bytes: number };

type Patched = Pick<Arrival, 'op' | 'sha256' | 'meta' | 'fingerprint' | 'size'>;

/** What is published, where that has the content that is wanted: a patch then needs no body. */
export function inIndex({ wanted, published }: Pick<DocState, 'wanted' | 'published'>): Published | null {
	return published?.sha256 === wanted.sha256 ? published : null;
}

/** `hasBody`: the store has the content of what is wanted. */
export function patchedBy(text: string, state: DocState | null, hasBody: boolean): Patched | Unfit {
	// Of a document that is about to go nothing can be said any more.
	if (state === null || state.wanted.op === 'delete') return { reason: 'absent' };
	const { wanted } = state;
	const source = hasBody ? wanted : inIndex(state);
	if (source === null) return { reason: 'content_gone' };
	const meta = readMeta(wanted.meta);
	const metadata = Object.fromEntries(
		Object.entries({ ...meta.metadata, ...(JSON.parse(text) as MetadataPatch) }).filter(
			([, value]) => value !== null,
		),
	);
	const bytes = Buffer.byteLength(JSON.stringify(metadata));
	if (bytes > limits.metadataBytes) return { reason: 'too_large', bytes };
	return {
		op: 'put',
		sha256: wanted.sha256,
		size: wanted.size,
		meta: writeMeta({ ...meta, metadata }),
		fingerprint: source.fingerprint,
	};
}

export function unfitError(unfit: Unfit): DocDropError {
	switch (unfit.reason) {
		case 'absent':
			return new DocDropError('not_found', 'this tenant has no such document, so that nothing was patched', {
				field: 'docId',
			});
		case 'content_gone':
			return new DocDropError(
				'conflict',
				'the content of this document failed, and is gone to make room for newer ones: its metadata cannot be changed alone',
				{ field: 'docId', hint: 'Send the document again, with the metadata.' },
			);
		case 'too_large':
			return new DocDropError(
				'invalid',
				`metadata must be at most ${limits.metadataBytes} bytes of JSON with what is there already, got ${unfit.bytes}`,
				{ field: 'metadata', hint: 'Take names away with null in the same patch.' },
			);
	}
}
