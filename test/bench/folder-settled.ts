import type { Bench } from './bench.ts';
import { documentsOf } from './corpus.ts';
import type { DocDrop } from './docdrop-process.ts';
import { waitUntil } from './wait-until.ts';

/** Nothing on its way, as many documents as files, and a scan since `since` (wall time) that found nothing. */
export async function settled(bench: Bench, server: DocDrop, inbox: string, since: number): Promise<void> {
	const files = (await documentsOf(inbox)).length;
	await waitUntil(
		async () => {
			const { documents, pending, inWork, failed, folders } = await server.status();
			if (failed > 0) throw new Error(`${failed} documents failed`);
			const [root] = folders[0]?.roots ?? [];
			const verifiedAt = root?.verifiedAt == null ? 0 : Date.parse(root.verifiedAt);
			const isQuiet = root !== undefined && root.pending + root.inFlight + pending + inWork === 0;
			return isQuiet && documents === files && verifiedAt > since;
		},
		100,
		bench.signal,
	);
}
