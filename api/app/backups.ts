/** Backups of a running data folder, one at a time, each in the place of the last. Only app.ts builds this. */
import { rm } from 'node:fs/promises';
import type { FastifyBaseLogger } from 'fastify';
import { takeBackup } from '../adapters/backup/index.ts';
import type { BackupStatus } from '../contract/backup-schema.ts';
import { backupFolder } from '../data-folder.ts';
import type { Clock } from '../ports/index.ts';

interface BackupsDeps extends Omit<Parameters<typeof takeBackup>[1], 'at'> {
	readonly clock: Pick<Clock, 'now'>;
	readonly logger: Pick<FastifyBaseLogger, 'info' | 'error'>;
}

/** No request says where a backup goes: it lies in the data folder, and whoever may read that takes it from there. */
export function createBackups(deps: BackupsDeps) {
	const none: BackupStatus = { state: 'none', startedAt: null, endedAt: null, files: 0, bytes: 0 };
	const state = { status: none, running: Promise.resolve() };
	const iso = () => new Date(deps.clock.now()).toISOString();

	async function take(at: string): Promise<void> {
		const { logger } = deps;
		const to = backupFolder(deps.dataDir);
		try {
			await rm(to, { recursive: true, force: true });
			const { files } = await takeBackup(to, { ...deps, at });
			const bytes = files.reduce((sum, { size }) => sum + size, 0);
			state.status = { state: 'done', startedAt: at, endedAt: iso(), files: files.length, bytes };
			logger.info({ files: files.length, bytes }, 'a backup was made');
		} catch (error) {
			state.status = { ...none, state: 'failed', startedAt: at, endedAt: iso() };
			logger.error({ err: error }, 'a backup could not be made');
		}
	}

	return {
		/** The one that runs, where one does. */
		begin(): BackupStatus {
			if (state.status.state === 'running') return state.status;
			const at = iso();
			state.status = { ...none, state: 'running', startedAt: at };
			state.running = take(at);
			return state.status;
		},
		status: () => state.status,
		/** Nobody closes the stores under one that runs. */
		close: () => state.running,
	};
}
