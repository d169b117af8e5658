/**
 * A list of what there is somewhere else, told as a whole and without contents: what it lacks is deleted, and what is
 * new or changed is named, so that the caller fetches the contents of that alone and publishes them. Called by
 * POST /v1/lists/sync.
 *
 * Invariants:
 *  1. Nothing is deleted unless the whole list is sound, and deletions pass the mass-delete guard (close-snapshot.ts).
 *  2. Nothing is remembered of a list but the versions of documents that were accepted: contents that never came, in
 *     whatever way a run was interrupted, are named again the next time.
 *  3. What a later round has told is not deleted by an earlier one, and an earlier round's content does not replace it.
 *     A document that an earlier round brings after a later one left it out goes with the next round.
 */
import { hash } from 'node:crypto';
import { docIdFault } from '../../contract/doc-id-fault.ts';
import type { ListRequest, ListResponse } from '../../contract/list-schema.ts';
import { listVersion } from '../../contract/list-version.ts';
import { readMeta } from '../../domain/index.ts';
import { DocDropError } from '../../errors.ts';
import type { DocStore, DocumentState } from '../../ports/index.ts';
import type { SourceSnapshot, SnapshotResult } from './close-snapshot.ts';
import type { Round } from './list-rounds.ts';

/** Documents that are looked up at a time. */
const pageSize = 500;

export interface ListDeps {
	readonly docStore: Pick<DocStore, 'document'>;
	readonly closeSnapshot: (snapshot: SourceSnapshot) => Promise<SnapshotResult>;
	readonly nextRound: () => Round;
}

export async function syncList(request: ListRequest, deps: ListDeps): Promise<ListResponse> {
	const { tenant, items, confirmed = false } = request;
	checkItems(items);
	const source = { sourceId: sourceOf(request), ...deps.nextRound() };
	const counts = { unchanged: 0, failed: 0 };
	const wanted: ListResponse['wanted'] = [];
	for (let at = 0; at < items.length; at += pageSize) {
		const page = items.slice(at, at + pageSize);
		const documents = await Promise.all(page.map(({ docId }) => deps.docStore.document(tenant, docId)));
		for (const [place, { version }] of page.entries()) {
			const document = documents[place] ?? null;
			const change = changeOf(document, source.sourceId, version);
			if (change !== null) wanted.push({ index: at + place, change });
			else {
				counts.unchanged += 1;
				if (document?.state === 'failed') counts.failed += 1;
			}
		}
	}
	const present = items.map(({ docId }) => ({ tenant, docId }));
	const snapshot = { ...source, onlyTenant: tenant, present, confirmed, isRound: true };
	return { source, wanted, ...counts, ...(await deps.closeSnapshot(snapshot)) };
}

/** By the newest accepted state: what waits is as good as there. */
function changeOf(
	document: DocumentState | null,
	sourceId: string,
	version: string | undefined,
): 'new' | 'changed' | null {
	if (document === null || document.meta === '' || document.sourceId !== sourceId) return 'new';
	const isSame = version !== undefined && readMeta(document.meta).metadata[listVersion] === version;
	return isSame ? null : 'changed';
}

/** A person finds the list's name in it; the hash keeps the lists of all tenants apart. */
function sourceOf({ tenant, list }: Pick<ListRequest, 'tenant' | 'list'>): string {
	const readable = list.replaceAll(/[^A-Za-z0-9.]+/g, '-').slice(0, 60);
	return `list:${readable}:${hash('sha256', `${tenant} ${list}`, 'hex').slice(0, 16)}`;
}

function checkItems(items: ListRequest['items']): void {
	const places = new Map<string, number>();
	for (const [index, { docId }] of items.entries()) {
		const field = `items/${index}/docId`;
		const first = places.get(docId);
		const fault =
			docIdFault(docId) ??
			(first === undefined ? null : `must be named once, got ${JSON.stringify(docId)} at items/${first} too`);
		if (fault !== null) throw new DocDropError('invalid', `${field} ${fault}`, { field });
		places.set(docId, index);
	}
}
