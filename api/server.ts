import { rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import pino from 'pino';
import { v7 as uuidv7 } from 'uuid';
import { createNodeDisk } from '../nodes/watch/disk.ts';
import { createAutoHints } from '../nodes/watch/hints/auto.ts';
import { createThreadReader } from '../nodes/watch/reader/reader-in-thread.ts';
import { createThreadScanner } from '../nodes/watch/scan/scanner-in-thread.ts';
import { DEFAULT_EXCLUDES } from '../nodes/watch/settings.ts';
import { createWatchEngine, type WatchEngine } from '../nodes/watch/watch-engine.ts';
import { createSqliteFileState } from '../nodes/watch/state/sqlite.ts';
import { systemClock } from '../nodes/watch/clock.ts';
import { restoreBackup } from './adapters/backup/index.ts';
import { createApp, type App } from './app.ts';
import { followedTypes, refusedTypes, type Config } from './config/index.ts';
import { isForEveryFolder } from './contract/file-types.ts';
import { noteFile, type ServerNote } from './data-folder.ts';
import { DocDropError } from './errors.ts';
import { createFolderDelivery } from './sources/folder.ts';
import { checkFolder, placeOf } from './sources/folder-place.ts';
import {
	createFolderList,
	follow,
	type FolderList,
	type FollowedFolder,
} from './sources/followed-folders.ts';
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

/** Of a backup, into the data folder of the configuration. */
export const restore = (from: string, { dataDir }: Config) => restoreBackup(from, resolve(dataDir));

export async function startServer(
	config: Config,
	options: { readonly follow?: string; readonly logger?: FastifyBaseLogger } = {},
): Promise<RunningServer> {
	const logger = options.logger ?? createLogger(config);
	const dir = options.follow === undefined ? null : resolve(options.follow);
	if (dir !== null) checkFolder(dir, config.dataDir);
	const app = await createApp(config, logger);
	void app.warmUp();
	try {
		const url = await app.http.listen({ host: config.host, port: config.port });
		const folder = dir === null ? null : await followFolder(config, dir, app, logger);
		const note: ServerNote = {
			pid: process.pid,
			url,
			folders: dir === null ? [] : [{ dir, tenant: config.tenant }],
		};
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
	const list = createFolderList(config.dataDir);
	const { folder, folders } = follow(list.read(), placeOf(config.tenant, dir));
	list.write(folders);
	const adoption: Adoption = { list, folder, isOn: folder.adopts !== null };
	const disk = createNodeDisk({ followLinks: config.followLinks });
	const saysWhichFiles = config.include.length + config.allowedTypes.length > 0;
	const engine = createWatchEngine({
		roots: [{ label: folder.label, dir }],
		state: createSqliteFileState({
			file: list.stateFile(folder),
			clock: systemClock,
			sourceId: folder.sourceId,
		}),
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
			takesOver: () => adoption.isOn,
			mimeTypeOf: followedTypes(config),
			refusedTypes: refusedTypes(config),
			isFollowed: (mimeType) => isForEveryFolder(mimeType) || saysWhichFiles,
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
	void endAdoption(engine, app, adoption).catch((error: unknown) => {
		logger.warn({ err: error }, 'the folder was adopted, and not all of it could be taken over; it goes on');
	});
	app.follow({
		tenant: config.tenant,
		sourceId: engine.status().sourceId,
		status: () => engine.status(),
		explain: (docId) => engine.explain(docId),
		release: () => engine.release(),
		row: (docId) => engine.row(docId),
		rows: () => engine.rows(),
		tellAgain: (docId) => engine.tellAgain(docId),
	});
	return engine;
}

/** A folder that takes over what it finds published, for now. */
interface Adoption {
	readonly list: FolderList;
	readonly folder: FollowedFolder;
	isOn: boolean;
}

/**
 * When all that the folder has was told once, it is a folder like others, and what its earlier sources had left goes,
 * but for files that are there and could not be taken.
 */
async function endAdoption(engine: WatchEngine, app: App, adoption: Adoption): Promise<void> {
	const { list, folder } = adoption;
	const { tenant, adopts } = folder;
	if (adopts === null) return;
	await engine.idle();
	const present = engine
		.status()
		.roots.flatMap(({ failed, skipped }) =>
			[...failed, ...skipped].map(({ relPath }) => ({ tenant, docId: relPath })),
		);
	for (const sourceId of adopts) {
		const epoch = uuidv7();
		const snapshot = { sourceId, epoch, seq: 1, onlyTenant: tenant, present, confirmed: true };
		await app.pipeline.closeSnapshot(snapshot);
	}
	adoption.isOn = false;
	list.write(list.read().map((one) => (one.sourceId === folder.sourceId ? { ...one, adopts: null } : one)));
}
