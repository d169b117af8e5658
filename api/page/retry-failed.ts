import type { DocumentView } from '../contract/document-schema.ts';
import { ApiError, ask, query } from './ask-api.ts';

/** Failed documents are tried again: one, or all of a tenant, page by page and a few at a time. */
export const retryOne = async (document: Pick<DocumentView, 'jobId'>): Promise<void> =>
	void (await ask(`v1/jobs/${document.jobId}/retry`, { method: 'POST' }));

interface Retried {
	readonly tried: number;
	/** What could not be tried again, such as one whose content is gone. */
	readonly refused: number;
}

const atATime = 4;

/**
 * Goes once through what has failed now. One that fails again meanwhile is not tried twice: pages go by name, and only
 * forwards.
 */
export async function retryAll(
	tenant: string,
	{ onProgress, signal }: { readonly onProgress: (retried: Retried) => void; readonly signal: AbortSignal },
): Promise<Retried> {
	const done = { tried: 0, refused: 0 };
	let after: string | null = '';
	while (after !== null) {
		const page: { documents: DocumentView[]; next: string | null } = await ask(
			`v1/documents?${query({ tenant, state: 'failed', limit: 100, after })}`,
			{ signal },
		);
		after = page.next;
		const waiting = page.documents.values();
		await Promise.all(
			Array.from({ length: atATime }, async () => {
				for (const document of waiting) {
					signal.throwIfAborted();
					try {
						await retryOne(document);
						done.tried += 1;
					} catch (error) {
						// What is wrong with one document stops no other; what is wrong with all does.
						if (!(error instanceof ApiError) || error.status !== 409) throw error;
						done.refused += 1;
					}
					onProgress(done);
				}
			}),
		);
	}
	return done;
}
