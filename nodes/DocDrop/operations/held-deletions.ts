import type { ReleasedItem } from '../output-items.ts';
import { until, type Session } from '../session.ts';
import { eachItem } from './each-item.ts';

/** Lets the deletions go that a folder followed by the API holds back: a person has seen that the files are gone. */
export const releaseHeldDeletions = (session: Session) =>
	eachItem(session, async (item): Promise<ReleasedItem> => {
		const sourceId = session.parameters.required('followedFolder', 'Followed Folder', item);
		const { released } = await session.api.request<{ readonly released: number }>({
			method: 'POST',
			path: `/v1/sources/${encodeURIComponent(sourceId)}/release`,
			...until(session),
		});
		return { sourceId, released };
	});
