import type { FolderRoot, FolderStatus, ReportedFolders } from './api-client.ts';
import { count } from './counts.ts';

/** Folders as `docdrop status` shows them: first what is wrong with each, further below how each one is. */
interface Folder {
	readonly title: string;
	readonly root: FolderRoot;
	readonly delivery: FolderStatus['delivery'];
	/** What lets held deletions go. */
	readonly release: string;
}

/** Names of one kind that a folder's lines show. */
const SHOWN = 5;

export function folderTroubles(
	followed: readonly FolderStatus[],
	reports: readonly ReportedFolders[],
): string[] {
	const lost = followed.flatMap(({ snapshot }) =>
		snapshot.held === 0
			? []
			: [
					`HELD       ${count(snapshot.held, 'document')} of a folder state that was lost: their files are gone; docdrop release deletes them`,
				],
	);
	const silent = reports
		.filter(({ isSilent }) => isSilent)
		.map(
			({ name, toldAt }) =>
				`SILENT     ${name} has told nothing of its folder since ${toldAt}: look whether n8n runs, and the workflow is published`,
		);
	return [...lost, ...silent, ...foldersOf(followed, reports).flatMap(troublesOf)];
}

export function folderLines(
	followed: readonly FolderStatus[],
	reports: readonly ReportedFolders[],
): string[] {
	return foldersOf(followed, reports).flatMap(({ title, root }) => {
		const seen = root.verifiedAt === null ? 'not yet verified' : `verified ${root.verifiedAt}`;
		const polled = root.mode === 'poll' ? ', polled' : '';
		const digest = root.digest === undefined ? '' : ` (digest ${root.digest.slice(0, 12)}…)`;
		return [
			`folder     ${title}`,
			`           ${count(root.files, 'file')}, ${root.pending + root.inFlight} on their way, ${seen}`,
			`           ${isWhole(root) ? 'all of it handed over' : 'not all of it handed over yet'}${polled}${digest}`,
		];
	});
}

function foldersOf(followed: readonly FolderStatus[], reports: readonly ReportedFolders[]): Folder[] {
	return [
		...followed.flatMap(({ tenant, roots, delivery }) =>
			roots.map((root) => ({
				title: `${root.label} (tenant ${tenant})`,
				...{ root, delivery, release: 'docdrop release lets them go' },
			})),
		),
		...reports.flatMap(({ tenant, name, roots, delivery }) =>
			roots.map((root) => ({
				title: `${root.label} (${tenant === null ? 'several tenants' : `tenant ${tenant}`}, ${name})`,
				...{ root, delivery },
				release: 'Confirm Held Deletions of the DocDrop Trigger lets them go',
			})),
		),
	];
}

function troublesOf({ title, root, delivery, release }: Folder): string[] {
	const away = root.unreadable.find(({ relPath }) => relPath === '');
	const unread = root.unreadable.filter((one) => one !== away);
	return [
		...(away === undefined
			? []
			: [`AWAY       ${title}: it cannot be read (${away.reason}); nothing is taken as deleted`]),
		...named(`UNREAD     ${title}: parts of it cannot be read`, unread, unread.length),
		...(root.held === null
			? []
			: [
					`HELD       ${title}: ${count(root.held.count, 'deletion')} since ${root.held.since}`,
					`           because ${root.held.reason}; ${release}`,
				]),
		...(delivery.failures === 0 || root.pending + root.inFlight === 0
			? []
			: [
					`WAITING    ${title}: ${count(root.pending + root.inFlight, 'change')}, because ${delivery.lastFailure ?? 'nobody takes them'}`,
				]),
		...named(`REFUSED    ${title}: ${count(root.failedCount, 'file')}`, root.failed, root.failedCount),
		...named(
			`SKIPPED    ${title}: ${count(root.skippedCount, 'file')} left out for what they are`,
			root.skipped,
			root.skippedCount,
		),
		...named(
			`RESTLESS   ${title}: ${count(root.restless.length, 'file')} never standing still, taken as they are every so often`,
			root.restless.map((relPath) => ({ relPath, reason: null })),
			root.restless.length,
		),
	];
}

/** A heading, and the first of the files that it is about; nothing where there are none. */
function named(
	heading: string,
	files: readonly { readonly relPath: string; readonly reason: string | null }[],
	all: number,
): string[] {
	if (all === 0) return [];
	const shown = files.slice(0, SHOWN);
	return [
		heading,
		...shown.map(({ relPath, reason }) => `           ${relPath}${reason === null ? '' : `: ${reason}`}`),
		...(all > shown.length ? [`           … and ${all - shown.length} more`] : []),
	];
}

const isWhole = ({ isDelivered, digest, deliveredDigest }: FolderRoot): boolean =>
	isDelivered ?? digest === deliveredDigest;
