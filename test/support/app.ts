import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { createApp, type App } from '../../api/app.ts';
import { readConfig } from '../../api/config/index.ts';

/** The real app on a free port, with a data folder of its own that goes with it. */
export interface TestApp {
	readonly app: App;
	readonly url: string;
	readonly port: number;
	readonly dataDir: string;
	/** Everything that was logged, one JSON line each. */
	readonly logged: () => string;
	readonly close: () => Promise<void>;
}

export async function startApp(env: Readonly<Record<string, string>> = {}): Promise<TestApp> {
	const root = mkdtempSync(join(tmpdir(), 'docdrop-app-'));
	const dataDir = join(root, 'data');
	const lines: string[] = [];
	const logger = pino({ level: 'info', base: null }, { write: (line: string) => void lines.push(line) });
	try {
		const app = await createApp(
			readConfig({ DOCDROP_DATA_DIR: dataDir, DOCDROP_WINDOW_MS: '0', DOCDROP_WORKERS: '1', ...env }),
			logger,
		);
		const url = await app.http.listen({ host: '127.0.0.1', port: 0 });
		return {
			app,
			url,
			port: Number(new URL(url).port),
			dataDir,
			logged: () => lines.join(''),
			async close() {
				await app.close(1_000);
				rmSync(root, { recursive: true, force: true });
			},
		};
	} catch (error) {
		rmSync(root, { recursive: true, force: true });
		throw error;
	}
}
