/**
 * All documents of a tenant, or those whose IDs begin alike, deleted page by page: each page is listed and deleted
 * before the next one is asked for. What is published meanwhile behind the page that is being deleted stays, and it
 * belongs to who published it.
 */
import { limits } from '../../../api/contract/limits.ts';
import type { DocumentView } from '../../../api/contract/document-schema.ts';
import { readLimits } from '../api-limits.ts';
import { inOtherWords, ItemFailure, nodeFault } from '../failing.ts';
import { filterOf } from '../input/json-object.ts';
import type { Change } from '../input/submission.ts';
import type { Fault } from '../node-errors.ts';
import type { PrefixDeletedItem, TenantDeletedItem } from '../output-items.ts';
import { sendChanges, type Sent } from '../send/sender.ts';
import { until, type Session } from '../session.ts';
import { eachItem } from './each-item.ts';
import { refuseUnknownTenant } from './unknown-tenant.ts';

interface Wanted {
	readonly tenant: string;
	/** Start of the IDs; '': all. */
	readonly prefix: string;
	/** Only those that are like it. */
	readonly filter: Record<string, unknown> | null;
	/** Documents of triggers and other sources too. */
	readonly takeOver: boolean;
}

interface Deleted {
	deleted: number;
	/** Documents of other owners, which stay, and the first of them. */
	owned: number;
	example: string;
	/** Documents that were looked at, deleted ones included. */
	seen: number;
}

/** What another try may mend must not pass for done. */
const isFinal = ({ retryable }: Fault) => !retryable;

export const deleteTenant = (session: Session) =>
	eachItem(
		session,
		async (item): Promise<TenantDeletedItem> => {
			const { parameters } = session;
			const tenant = parameters.required('tenant', 'Tenant', item);
			const confirmation = parameters.required('confirmation', 'Name of the Tenant Again', item);
			if (confirmation !== tenant) throw new ItemFailure(unconfirmed(tenant, confirmation));
			const { deleted } = await deletePages(session, item, {
				...{ tenant, prefix: '', filter: null, takeOver: true },
			});
			return { tenant, deleted };
		},
		isFinal,
	);

export const deleteByPrefix = (session: Session) =>
	eachItem(
		session,
		async (item): Promise<PrefixDeletedItem> => {
			const { parameters } = session;
			const tenant = parameters.required('tenant', 'Tenant', item);
			// Spaces may belong to an ID.
			const prefix = parameters.exact('prefix', item) ?? '';
			if (prefix.trim() === '') throw new ItemFailure(noPrefix);
			const options = parameters.options('options', item);
			const filter = filterOf(options['filter']);
			if ('filter' in options && filter === null) throw new ItemFailure(emptyFilter);
			const { deleted, owned, example } = await deletePages(session, item, {
				...{ tenant, prefix, filter },
				takeOver: options['takeOver'] === true,
			});
			if (owned > 0) throw new ItemFailure(ofOthers({ deleted, owned, example }));
			return { tenant, prefix, deleted };
		},
		isFinal,
	);

async function deletePages(session: Session, item: number, wanted: Wanted): Promise<Deleted> {
	const { batchDocuments } = await readLimits(session.api, session.clock);
	const counts: Deleted = { deleted: 0, owned: 0, example: '', seen: 0 };
	let after: string | null = '';
	do {
		const page: { readonly documents: readonly DocumentView[]; readonly next: string | null } =
			await session.api.request({
				method: 'GET',
				path: '/v1/documents',
				query: {
					tenant: wanted.tenant,
					limit: limits.pageRows,
					...(wanted.prefix !== '' && { prefix: wanted.prefix }),
					...(wanted.filter !== null && { filter: JSON.stringify(wanted.filter) }),
					...(after !== '' && { after }),
				},
				...until(session),
			});
		counts.seen += page.documents.length;
		const changes = page.documents
			.filter(({ state }) => state !== 'deleted')
			.map(({ docId }) => deletionOf(item, docId, wanted));
		const sent = await sendChanges(changes, {
			api: session.api,
			signal: session.signal,
			maxDocuments: batchDocuments,
			maxBytes: maxBodyBytes,
		});
		tally(changes, sent, counts);
		after = page.next;
	} while (after !== null);
	if (counts.seen === 0) await refuseUnknownTenant(session, wanted.tenant);
	return counts;
}

/** A page of names is far below what any API takes. */
const maxBodyBytes = 4 * 1_048_576;

const deletionOf = (item: number, docId: string, { tenant, takeOver }: Wanted): Change => ({
	...{ kind: 'change', item, content: null, told: null, ifSha256: null, previous: null },
	// So many at once leave the fast lane to single edits.
	...{ priority: 'low', coalesced: true },
	head: { tenant, docId, ...(takeOver && { takeOver }) },
});

/** Throws what is no matter of ownership. */
function tally(changes: readonly Change[], { outcomes, stop }: Sent, counts: Deleted): void {
	let other: Fault | undefined;
	for (const [place, { head }] of changes.entries()) {
		const outcome = outcomes[place];
		if (outcome?.kind === 'receipt') counts.deleted += 1;
		if (outcome?.kind !== 'failed') continue;
		if (outcome.fault.code !== 'owned') other ??= outcome.fault;
		else {
			if (counts.owned === 0) counts.example = head.docId;
			counts.owned += 1;
		}
	}
	const fault = stop?.fault ?? other;
	if (fault === undefined) return;
	const hint = `${fault.hint} Deleted before: ${counts.deleted}; another run goes on with what is left.`;
	throw new ItemFailure(inOtherWords(fault, fault.message, hint));
}

const unconfirmed = (tenant: string, got: string) =>
	nodeFault(
		'invalid',
		`Name of the Tenant Again must be ${JSON.stringify(tenant)}, the tenant that is chosen, got ${JSON.stringify(got)}`,
		'Nothing was deleted. Type the name of the tenant whose documents are to go.',
		{ field: 'confirmation', retryable: false },
	);

const noPrefix = nodeFault(
	'invalid',
	'Prefix must not be empty: every document of the tenant would begin with it',
	'Nothing was deleted. Write the start of the document IDs, such as "handbook/", or delete the tenant.',
	{ field: 'prefix', retryable: false },
);

const emptyFilter = nodeFault(
	'invalid',
	'Filter must not be empty: every document below the prefix would be deleted',
	'Nothing was deleted. Write a filter, or remove the option.',
	{ field: 'filter', retryable: false },
);

const ofOthers = ({ deleted, owned, example }: Omit<Deleted, 'seen'>) =>
	nodeFault(
		'owned',
		`${owned === 1 ? '1 document belongs' : `${owned} documents belong`} to a trigger or another source and were not deleted, such as ${JSON.stringify(example)} (deleted: ${deleted})`,
		'Switch on the option Take Over to delete them as well. A trigger that still follows their files publishes them again when they change.',
		{ field: 'takeOver', retryable: false },
	);
