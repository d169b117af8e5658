import { join } from 'node:path';
import type { FileChange, FileOutcome } from '../../nodes/watch/file-change.ts';
import { systemClock } from '../../nodes/watch/clock.ts';
import type { WatchEngineDeps } from '../../nodes/watch/engine-parts.ts';
import { createWatchEngine } from '../../nodes/watch/watch-engine.ts';
import { createAutoHints } from '../../nodes/watch/hints/auto.ts';
import { createThreadReader } from '../../nodes/watch/reader/reader-in-thread.ts';
import { createThreadScanner } from '../../nodes/watch/scan/scanner-in-thread.ts';
import { createSqliteFileState } from '../../nodes/watch/state/sqlite.ts';
import { answerQuestions } from './storm-process.ts';

/**
 * `node storm-engine.ts DIR STATE_DIR GRACE_MS BRAKE_SHARE`: the engine of the storm, with a consumer that takes
 * everything at once and remembers what it holds.
 */
const [dir = '', stateDir = '', graceMs, brakeShare] = process.argv.slice(2);

const held = new Map<string, string>();
const counts = { created: 0, changed: 0, moved: 0, deleted: 0, doubled: 0 };

function take(change: FileChange): FileOutcome {
	counts[change.event] += 1;
	if (change.event === 'deleted') held.delete(change.docId);
	else {
		if (change.event === 'moved') held.delete(change.previousDocId);
		if (held.get(change.docId) === change.sha256) counts.doubled += 1;
		held.set(change.docId, change.sha256);
	}
	return { kind: 'delivered' };
}

const deps: WatchEngineDeps = {
	roots: [{ label: 'docs', dir }],
	state: createSqliteFileState({ file: join(stateDir, 'state.db'), clock: systemClock }),
	hints: createAutoHints,
	scanner: createThreadScanner(new URL('../../nodes/watch/scan/scan-thread.ts', import.meta.url)),
	reader: createThreadReader(new URL('../../nodes/watch/reader/read-thread.ts', import.meta.url)),
	clock: systemClock,
	settings: { deletionDelayMs: Number(graceMs), guardShare: Number(brakeShare) },
	deliver: async (batch) => batch.map(take),
	outcomesAreFinal: true,
	log: (level, event, data) => console.error(level, event, JSON.stringify(data)),
};
const engine = createWatchEngine(deps);
await engine.start();
await engine.idle();
answerQuestions({
	root: () => engine.status().roots[0],
	held: () => [...held],
	/** Of the time before a restart. */
	counts: () => counts,
	/** Of the processor so far: by the event loop's thread, and by all of the process. */
	cpuSeconds: () => [process.threadCpuUsage(), process.cpuUsage()].map((it) => (it.user + it.system) / 1e6),
	release: () => engine.release('docs'),
});
process.once('SIGTERM', () => {
	void engine.close().then(() => process.exit(0));
});
