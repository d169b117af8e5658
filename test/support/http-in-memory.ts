import pino from 'pino';
import { readConfig } from '../../api/config.ts';
import { createHttp } from '../../api/http/index.ts';
import { startSpine, type Spine } from './spine.ts';
import type { PipelineDeps } from '../../api/pipeline/index.ts';

/** The HTTP face over the pipeline in memory, asked by `inject`: no socket, no files. */
export async function httpInMemory(
	env: Readonly<Record<string, string>> = {},
	parts: Partial<PipelineDeps> = {},
) {
	const config = readConfig(env);
	const spine: Spine = startSpine(parts);
	let isStopping = false;
	const http = await createHttp({
		...spine,
		config,
		version: '0.0.0-test',
		docsDir: null,
		now: () => Date.now(),
		logger: pino({ level: 'silent' }),
		isStopping: () => isStopping,
		folders: () => [],
		explainFile: () => null,
	});
	return {
		...spine,
		http,
		beginStopping: () => (isStopping = true),
		async close() {
			await http.close();
			await spine.stop();
		},
	};
}
