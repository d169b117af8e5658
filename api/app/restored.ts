/** A data folder that was restored is audited, and mended, before anybody believes in it. Only app.ts calls this. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { restoredName } from '../adapters/backup/index.ts';
import type { DocStore } from '../ports/index.ts';
import { auditOwed } from '../pipeline/upkeep/index.ts';

/** The index of a backup is a little older than its rows: an audit with repair, which outlives a kill, makes them equal. */
export async function oweAudit(
	dataDir: string,
	docStore: Pick<DocStore, 'setMarker'>,
	now: () => number,
): Promise<void> {
	const file = join(dataDir, restoredName);
	if (!existsSync(file)) return;
	const { name, value } = auditOwed(new Date(now()).toISOString());
	await docStore.setMarker(name, value);
	rmSync(file, { force: true });
}
