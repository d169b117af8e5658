import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BinaryDataConfig, BinaryDataService } from 'n8n-core';
import type { IBinaryData } from 'n8n-workflow';

/**
 * n8n's engine in this process: its folder, its log, what files it lets nodes read, and where it keeps binary data.
 * All of that are singletons in n8n's container, which is asked through n8n-core, so that it is the very same one.
 */
const ofCore = createRequire(createRequire(import.meta.url).resolve('n8n-core'));
type Class<T> = new () => T;
const { Container } = ofCore('@n8n/di') as { Container: { get<T>(service: Class<T>): T } };
const { GlobalConfig, InstanceSettingsConfig, SecurityConfig } = ofCore('@n8n/config') as {
	GlobalConfig: Class<{ logging: { level: string } }>;
	InstanceSettingsConfig: Class<{ n8nFolder: string; userHome: string; encryptionKey: string }>;
	SecurityConfig: Class<{ restrictFileAccessTo: string }>;
};

const home = mkdtempSync(join(tmpdir(), 'docdrop-n8n-'));
process.once('exit', () => rmSync(home, { recursive: true, force: true }));

// Set in place instead of in the environment, which the tests of other files share.
Container.get(GlobalConfig).logging.level = 'silent';
Object.assign(Container.get(InstanceSettingsConfig), {
	userHome: home,
	n8nFolder: join(home, '.n8n'),
	encryptionKey: 'of the tests',
});
const security = Container.get(SecurityConfig);
security.restrictFileAccessTo = '';

Object.assign(Container.get(BinaryDataConfig as Class<BinaryDataConfig>), {
	mode: 'filesystem',
	localStoragePath: join(home, 'storage'),
});
const binaries = Container.get(BinaryDataService as unknown as Class<BinaryDataService>);
let opened: Promise<void> | undefined;

/** Stores bytes as n8n does in its file mode: under an id. */
export async function storeBinary(
	bytes: Uint8Array,
	more: { fileName?: string; mimeType?: string } = {},
): Promise<IBinaryData> {
	await (opened ??= binaries.init());
	const location = { type: 'execution', workflowId: 'workflow', executionId: '1' } as const;
	const binary = { data: '', mimeType: more.mimeType ?? 'application/octet-stream', ...more };
	return binaries.store(location, Buffer.from(bytes), binary);
}

/** Lets nodes read these folders only while `run` runs, as N8N_RESTRICT_FILE_ACCESS_TO names them. */
export async function withFileAccess<T>(folders: readonly string[], run: () => Promise<T>): Promise<T> {
	const before = security.restrictFileAccessTo;
	security.restrictFileAccessTo = folders.join(';');
	try {
		return await run();
	} finally {
		security.restrictFileAccessTo = before;
	}
}
