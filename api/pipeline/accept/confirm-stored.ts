/**
 * Whether the disk has what was written to it, whole, before anybody is told that it was taken. A file that was synced
 * and renamed is there at once on a disk of this machine; on a share it may show a moment later.
 */
import type { ChangeContent } from '../../domain/index.ts';
import { DocDropError } from '../../errors.ts';
import type { AcceptDeps } from './submit.ts';
import { blobOf, dropContents } from './contents.ts';

type ConfirmDeps = Pick<AcceptDeps, 'docStore' | 'clock'>;

const waitsMs = [500, 1_000, 2_000];

/** Drops the content, and rejects, where it is not there after the waits: with `store_unavailable`, or as the store does. */
export async function confirmStored(content: ChangeContent, deps: ConfirmDeps): Promise<void> {
	const blob = blobOf(content);
	if (blob === null) return;
	try {
		if (await becomesWhole(blob, content.size, deps)) return;
	} catch (error) {
		await dropContents([content], deps.docStore);
		throw error;
	}
	await dropContents([content], deps.docStore);
	throw new DocDropError('store_unavailable', 'the content was written, but the disk does not show it whole');
}

async function becomesWhole(blob: string, size: number, { docStore, clock }: ConfirmDeps): Promise<boolean> {
	const isWhole = async () => (await docStore.blobSize(blob)) === size;
	for (const waitMs of waitsMs) {
		if (await isWhole()) return true;
		await clock.sleep(waitMs);
	}
	return isWhole();
}
