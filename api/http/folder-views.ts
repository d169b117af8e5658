import type { ReportedFolders } from '../contract/folder-report-schema.ts';
import type { FolderView } from '../contract/overview-schema.ts';
import type { FollowedSource } from './source-routes.ts';

/** Every folder that somebody follows, in one shape: those of this process, and those that workflows told of. */
export function folderViews(
	sources: readonly FollowedSource[],
	reports: readonly ReportedFolders[],
	onlyTenant: string | null,
): FolderView[] {
	return [
		...sources.filter(({ tenant }) => (onlyTenant ?? tenant) === tenant).flatMap(followedViews),
		...reports.flatMap(toldViews),
	];
}

const lostState = 'the state of the folder was lost, and these files are gone';

function followedViews({ sourceId, tenant, status }: FollowedSource): FolderView[] {
	const { roots, snapshot } = status();
	return roots.map((root, index) => {
		// What a lost state holds back belongs to the source as a whole: its first folder shows it.
		const lost = index === 0 ? snapshot.held : 0;
		const reasons = [...(root.held === null ? [] : [root.held.reason]), ...(lost === 0 ? [] : [lostState])];
		const count = (root.held?.count ?? 0) + lost;
		return {
			...{ sourceId, tenant, workflow: null, label: root.label, files: root.files },
			mode: root.mode ?? 'watch',
			bytes: root.bytes ?? null,
			pending: root.pending ?? 0,
			inFlight: root.inFlight ?? 0,
			failedCount: root.failedCount ?? 0,
			failed: [...(root.failed ?? [])],
			restless: [...(root.restless ?? [])],
			skippedCount: root.skippedCount ?? 0,
			skipped: [...(root.skipped ?? [])],
			unreadable: [...(root.unreadable ?? [])],
			verifiedAt: root.verifiedAt,
			isDelivered: root.digest === root.deliveredDigest,
			held: count === 0 ? null : { count, reason: reasons.join('; ') },
			canRelease: count > 0,
			trouble: null,
		};
	});
}

function toldViews({
	sourceId,
	tenant,
	name,
	toldAt,
	isSilent,
	roots,
	delivery,
}: ReportedFolders): FolderView[] {
	const failing =
		delivery.failures === 0
			? null
			: `${delivery.failures} executions failed in a row: ${delivery.lastFailure ?? 'no reason was told'}`;
	return roots.map((root) => ({
		...{ sourceId, tenant, workflow: name, label: root.label, mode: root.mode, files: root.files },
		...{ bytes: null, pending: root.pending, inFlight: root.inFlight },
		...{ failedCount: root.failedCount, failed: root.failed, restless: root.restless },
		...{ skippedCount: root.skippedCount, skipped: root.skipped, unreadable: root.unreadable },
		...{ verifiedAt: root.verifiedAt, isDelivered: root.isDelivered },
		held: root.held === null ? null : { count: root.held.count, reason: root.held.reason },
		// Only its workflow can: the option of the trigger says so.
		canRelease: false,
		trouble: isSilent ? `the workflow has told nothing since ${toldAt}` : failing,
	}));
}
