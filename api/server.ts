import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import pino from 'pino';
import { createNodeDisk } from '../nodes/watch/disk.ts';
import { createAutoHints } from '../nodes/watch/hints/auto.ts';
import { createThreadReader } from '../nodes/watch/reader/reader-in-thread.ts';
import { createThreadScanner } from '../nodes/watch/scan/scanner-in-thread.ts';
import { DEFAULT_EXCLUDES } from '../nodes/watch/settings.ts';
import { createWatchEngine, type WatchEngine } from '../nodes/watch/watch-engine.ts';
import { createSqliteFileState } from '../nodes/watch/state/sqlite.ts';
import { systemClock } from '../nodes/watch/clock.ts';
import { uuidOfHash } from '../nodes/watch/uuid-of-hash.ts';
import { createApp, type App } from './app.ts';
import type { Config } from './config/index.ts';
import { isForEveryFolder, mimeTypeOf } from './contract/file-types.ts';
import { noteFile, type ServerNote } from './data-folder.ts';
import { DocDropError } from './errors.ts';
import { createFolderDelivery } from './sources/folder.ts';
import { threadFile } from './adapters/thread/index.ts';

/** The process: log, listen, follow a folder, say where it runs, and end in order. */
export interface RunningServer {
	readonly app: App;
	readonly url: string;
	readonly folder: WatchEngine | null;
	/** Resolves, logged, when the process can do no more and must end: what was accepted goes on at its next start. */
	readonly lost: Promise<DocDropError>;
	readonly stop: () => Promise<void>;
}

export function createLogger(
	config: Config,
	stream: NodeJS.WritableStream = process.stderr,
): FastifyBaseLogger {
	return pino(
		{
			level: config.logLevel,
			base: null,
			serializers: { error: pino.stdSerializers.err, err: pino.stdSerializers.err },
		},
		stream,
	);
}

/**
 * A followed folder is one source: its id and the file of its state are made from the folder and its tenant,
 * so that a lost state begins a new epoch of the same source, and its documents stay its own.
 */
function folderIdentity(config: Config, dir: string): { readonly sourceId: string; readonly state: string } {
	const hex = createHash('sha256').update(`${config.tenant.length}:${config.tenant}${dir}`).digest('hex');
	return {
		sourceId: uuidOfHash(hex),
		state: join(resolve(config.dataDir), 'watch', `${hex.slice(0, 16)}.db`),
	};
}

function checkFolder(config: Config, dir: string): void {
	const stat = statSync(dir, { throwIfNoEntry: false });
	if (stat === undefined || !stat.isDirectory()) {
		throw new DocDropError(
			'config_invalid',
			`the folder to follow must be a directory, got ${JSON.stringify(dir)}`,
			{
				hint: 'Make the folder, or name another one.',
			},
		);
	}
	const inside = relative(dir, resolve(config.dataDir));
	const isInside = inside === '' || (!inside.startsWith('..') && !inside.startsWith('/'));
	if (isInside && !inside.split('/').some((part) => part.startsWith('.'))) {
		throw new DocDropError('config_invalid', 'DOCDROP_DATA_DIR must not lie inside the followed folder', {
			field: 'DOCDROP_DATA_DIR',
			hint: 'Move the data folder elsewhere, or give it a name that begins with a dot.',
		});
	}
}

export async function startServer(
	config: Config,
	options: { readonly follow?: string; readonly logger?: FastifyBaseLogger } = {},
): Promise<RunningServer> {
	const logger = options.logger ?? createLogger(config);
	const dir = options.follow === undefined ? null : resolve(options.follow);
	if (dir !== null) checkFolder(config, dir);
	const app = await createApp(config, logger);
	void app.warmUp();
	try {
		const url = await app.http.listen({ host: config.host, port: config.port });
		const folder = dir === null ? null : await followFolder(config, dir, app, logger);
		const folders =
			dir === null ? [] : [{ dir, tenant: config.tenant, state: folderIdentity(config, dir).state }];
		const note: ServerNote = { pid: process.pid, url, folders };
		writeFileSync(noteFile(config), `${JSON.stringify(note)}\n`, { mode: 0o600 });
		logger.info({ url, follows: dir !== null, index: app.vectorStore.kind }, 'DocDrop is ready');
		return {
			app,
			url,
			folder,
			lost: app.lost.then((cause) => storeLost(cause, logger)),
			async stop() {
				await folder?.close();
				await app.close();
				rmSync(noteFile(config), { force: true });
			},
		};
	} catch (error) {
		await app.close(0);
		throw error;
	}
}

function storeLost(cause: unknown, logger: FastifyBaseLogger): DocDropError {
	const error = new DocDropError('store_lost', 'the thread of the document store ended unexpectedly', {
		cause,
	});
	logger.fatal({ err: cause ?? error }, 'the document store is gone; the process ends');
	return error;
}

async function followFolder(
	config: Config,
	dir: string,
	app: App,
	logger: FastifyBaseLogger,
): Promise<WatchEngine> {
	const { sourceId, state } = folderIdentity(config, dir);
	mkdirSync(join(resolve(config.dataDir), 'watch'), { recursive: true, mode: 0o700 });
	const disk = createNodeDisk({ followLinks: config.followLinks });
	const engine = createWatchEngine({
		roots: [{ label: basename(dir) || 'root', dir }],
		state: createSqliteFileState({ file: state, clock: systemClock, sourceId }),
		hints: createAutoHints,
		reader: createThreadReader(threadFile('../nodes/watch/reader/read-thread')),
		scanner: createThreadScanner(threadFile('../nodes/watch/scan/scan-thread')),
		clock: systemClock,
		disk,
		settings: {
			// The pipeline opens no window of its own for what has been waited for here.
			quietMs: config.windowMs,
			longestWaitMs: config.maxWaitMs,
			scanEveryMs: config.rescanMs,
			deletionDelayMs: config.deletionDelayMs,
			maxFileBytes: config.maxFileBytes,
			...(config.include.length > 0 && { include: config.include }),
			exclude: [...DEFAULT_EXCLUDES, ...config.exclude],
			followLinks: config.followLinks,
			guardShare: config.massDeleteShare,
			mode: config.watchMode,
			pollEveryMs: config.pollMs,
		},
		deliver: createFolderDelivery({
			dir,
			disk,
			pipeline: app.pipeline,
			tenant: config.tenant,
			mimeTypeOf,
			isFollowed: (mimeType) => config.include.length > 0 || isForEveryFolder(mimeType),
			clock: systemClock,
			log: logger,
		}),
		outcomesAreFinal: true,
		snapshot: ({ present, ...snapshot }) =>
			app.pipeline.closeSnapshot({
				...snapshot,
				onlyTenant: config.tenant,
				present: present.map((docId) => ({ tenant: config.tenant, docId })),
			}),
		log: (level, event, data) => logger[level]({ event, ...data }, 'the followed folder'),
	});
	await engine.start();
	app.follow({
		tenant: config.tenant,
		sourceId: engine.status().sourceId,
		status: () => engine.status(),
		explain: (docId) => engine.explain(docId),
		release: () => engine.release(),
	});
	return engine;
}
