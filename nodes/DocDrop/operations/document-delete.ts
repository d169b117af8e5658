import { readDeletion } from '../input/submission.ts';
import type { Session } from '../session.ts';
import { submit } from './changes.ts';

/** One request a document. */
export async function deleteDocument(session: Session) {
	const submissions = [...session.items.keys()].map((item) => readDeletion(session, item));
	return submit(session, submissions, 'one by one');
}
