import { readSubmission } from '../input/submission.ts';
import type { Session } from '../session.ts';
import { submit } from './changes.ts';

/** All items in as few requests as the limits of the API allow. */
export async function publishMany(session: Session) {
	const submissions = [...session.items.keys()].map((item) => readSubmission(session, item));
	return submit(session, submissions, 'together');
}
