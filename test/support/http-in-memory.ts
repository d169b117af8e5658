import pino from 'pino';
import { systemClock } from '../../nodes/watch/clock.ts';
import { readConfig } from '../../api/config/index.ts';
import { followKeys } from '../../api/app/access-keys.ts';
import { createHttp } from '../../api/http/index.ts';
import type { FollowedSource } from '../../api/http/source-routes.ts';
import { startPipelineFixture, type PipelineFixture } from './pipeline-fixture.ts';
import type { PipelineDeps } from '../../api/pipeline/index.ts';
import type { Clock } from '../../api/ports/time.ts';

const noBackup = { state: 'none' as const, startedAt: null, endedAt: null, files: 0, bytes: 0 };

/** The HTTP face over the pipeline in memory, asked by `inject`: no socket, no files. */
export async function httpInMemory(
	env: Readonly<Record<string, string>> = {},
	parts: Partial<PipelineDeps> = {},
	clock: Clock = systemClock,
) {
	const config = readConfig(env);
	const fixture: PipelineFixture = startPipelineFixture(parts);
	let isStopping = false;
	const sources: FollowedSource[] = [];
	const logger = pino({ level: 'silent' });
	const keys = await followKeys(config, { clock, log: logger });
	const http = await createHttp({
		...fixture,
		embedder: parts.embedder ?? fixture.embedder,
		config,
		version: '0.0.0-test',
		docsDir: null,
		pageDir: null,
		now: () => Date.now(),
		clock,
		...{ logger, keys, certificate: null },
		isStopping: () => isStopping,
		sources: () => sources,
		backups: { begin: () => noBackup, status: () => noBackup },
	});
	return {
		...fixture,
		http,
		follow: (source: FollowedSource) => void sources.push(source),
		beginStopping: () => (isStopping = true),
		async close() {
			keys.close();
			await http.close();
			await fixture.stop();
		},
	};
}
