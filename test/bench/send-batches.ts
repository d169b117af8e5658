import { readFile } from 'node:fs/promises';
import type { DocumentInput } from '../../api/contract/document-schema.ts';
import type { Priority } from '../../api/contract/job-schema.ts';
import type { DocumentFile } from './corpus.ts';
import type { DocDrop } from './docdrop-process.ts';

/** Onboarding over HTTP: documents of one tenant in batches, a few requests at a time. */
export const batchDocuments = 100;
export const batchesInFlight = 4;

export async function readDocuments(
	files: readonly DocumentFile[],
	tenant: string,
): Promise<DocumentInput[]> {
	return Promise.all(
		files.map(async ({ docId, path, mimeType }) => ({
			tenant,
			docId,
			path: docId,
			mimeType,
			content: { base64: await readFile(path, 'base64') },
		})),
	);
}

/** `documentAt(n)` is asked when its batch is sent, so that a large onboarding is never held as a whole. */
export async function sendBatches(
	server: DocDrop,
	count: number,
	documentAt: (index: number) => DocumentInput,
	priority: Priority = 'normal',
): Promise<void> {
	let next = 0;
	const sender = async () => {
		while (next < count) {
			const from = next;
			next = Math.min(count, from + batchDocuments);
			const documents = Array.from({ length: next - from }, (_, at) => documentAt(from + at));
			const { status, body } = await server.post<{ errors: boolean }>('/v1/ingest/batch', {
				documents,
				coalesced: true,
				priority,
			});
			if (status !== 202 || body.errors) throw new Error(`a batch was answered ${status}`);
		}
	};
	await Promise.all(Array.from({ length: batchesInFlight }, sender));
}
