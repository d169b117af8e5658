#!/usr/bin/env node
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, isAbsolute } from 'node:path';
import { parseArgs } from 'node:util';
import { createClient, type Client, type ReportedFolders } from './cli/api-client.ts';
import { keysCommand } from './cli/keys-command.ts';
import { adoptFolder } from './cli/adopt-folder.ts';
import { changeAll, metadataOf, printChanged } from './cli/filtered-changes.ts';
import { whereNamed } from './cli/where-named.ts';
import { runAudit } from './cli/audit-command.ts';
import { runBackup } from './cli/backup-command.ts';
import { count } from './cli/counts.ts';
import { printAudit } from './cli/print-audit.ts';
import { relaunch } from './cli/relaunch.ts';
import { explain, printDocuments, printStatus } from './cli/print.ts';
import { printSearch } from './cli/print-search.ts';
import { printPreview } from './cli/print-preview.ts';
import { filterOf, searchOptions, searchRequest, whole } from './cli/search-request.ts';
import { UsageError } from './cli/usage-error.ts';
import { readConfig, withSecretFiles, type Config } from './config/index.ts';
import { readNote } from './data-folder.ts';
import { limits } from './contract/limits.ts';
import { DocDropError, isDocDropError } from './errors.ts';
import { systemClock } from '../nodes/watch/clock.ts';
import { pathInside } from '../nodes/watch/inside.ts';
import { version } from './version.ts';

/** The command line. Commands that ask talk to the running process; where none runs they open the store themselves. */
const usage = `docdrop ${version}: files change, a vector index follows

  docdrop serve                 the API, without a folder of its own
  docdrop watch [DIR]           the API, following DIR (default ./inbox, made when it is not there)
  docdrop search "WORDS"        search the index, with any of these:
                                --limit N --offset N --mode hybrid|dense|text --min-score 0..1
                                --filter '{"path":{"prefix":"handbook/"},"year":{"gte":2020}}'
                                --by-document (each once) --context N (chunks around a passage)
                                --highlight --explain --facets NAME,NAME
  docdrop list                  documents by their names; --filter as above, --limit N
  docdrop patch [PATH]          change the metadata of one document, or of all that are like --filter, without sending
                                them again: --set '{"team":"support","draft":null}' (null takes a name away)
  docdrop delete [PATH]         delete one document, or all that are like --filter
                                both: --dry-run says how many, --take-over includes what other sources own
  docdrop preview FILE          the passages that a file would be found by, and what of it could not be read
  docdrop status                figures, and what waits or failed
  docdrop audit                 hold folder, manifest and index against each other, of all tenants or of --tenant T;
                                --repair mends the difference, --stop ends one that is under way
  docdrop backup DIR            all that the data folder holds, as it belongs together, while work goes on
  docdrop restore DIR           a backup, into an empty data folder
  docdrop release               let deletions go that are held because too much went at once
  docdrop adopt DIR [FORMER]    let DIR go on as the folder FORMER, which was followed before, and take over what
                                others have published under the names of its files
  docdrop explain PATH          every step, receipt and reason of one file
  docdrop mcp                   the index for an agent, by the Model Context Protocol on standard input and output;
                                with --tenant T it shows that one alone

  docdrop keys add NAME         makes a key in DOCDROP_KEYRING and shows it, this once; --tenant T or --every-tenant
                                says whose documents it is for, --rights read,write,admin what it may do
                                (read,write where nothing is said)
  docdrop keys list             the keys of that file
  docdrop keys revoke ID        ends one of them

  --tenant T   tenant to ask about (default: DOCDROP_TENANT, else "default")
  --json       print JSON
  --help, --version

Settings come from the environment: docs/settings.md lists them all.
`;

const options = {
	tenant: { type: 'string' },
	...searchOptions,
	'every-tenant': { type: 'boolean' },
	rights: { type: 'string' },
	repair: { type: 'boolean' },
	stop: { type: 'boolean' },
	set: { type: 'string' },
	'dry-run': { type: 'boolean' },
	'take-over': { type: 'boolean' },
	json: { type: 'boolean' },
	help: { type: 'boolean', short: 'h' },
	version: { type: 'boolean', short: 'v' },
} as const;

async function main(argv: readonly string[]): Promise<void> {
	const { values, positionals } = parse(argv);
	if (values.version === true) return console.log(version);
	const [command, ...rest] = positionals;
	if (values.help === true || command === undefined) return console.log(usage);
	const config = readConfig({
		...withSecretFiles(process.env),
		...(values.tenant !== undefined && { DOCDROP_TENANT: values.tenant }),
	});
	switch (command) {
		case 'serve':
			expect(rest, 0, 'serve takes no argument');
			return run(config, undefined);
		case 'watch': {
			if (rest.length > 1) throw new UsageError('watch takes one folder');
			const dir = whereNamed(rest[0] ?? './inbox');
			if (rest.length === 0 && !existsSync(dir)) mkdirSync(dir);
			return run(config, dir);
		}
		case 'search': {
			expect(rest, 1, 'search takes one argument: the words, in quotes');
			const request = searchRequest(values, { tenant: config.tenant, query: rest[0] ?? '' });
			return ask(config, async (client) => {
				const answer = await client.search(request);
				console.log(values.json === true ? JSON.stringify(answer) : printSearch(answer, request.query));
			});
		}
		case 'list': {
			expect(rest, 0, 'list takes no argument');
			const limit = whole('--limit', values.limit, 1, limits.pageRows) ?? 50;
			const query = { tenant: config.tenant, filter: filterOf(values.filter), limit };
			return ask(config, async (client) => {
				const page = await client.documents(query);
				console.log(values.json === true ? JSON.stringify(page) : printDocuments(page));
			});
		}
		case 'patch':
		case 'delete':
			return change(config, command, rest, values);
		case 'preview': {
			expect(rest, 1, 'preview takes one file');
			const file = rest[0] ?? '';
			const bytes = readFile(file);
			return ask(config, async (client) => {
				const path = docIdOf(config, file);
				const named = { tenant: config.tenant, docId: path ?? basename(file) };
				const found = await client.preview({ ...named, ...(path !== null && { path }) }, bytes);
				console.log(values.json === true ? JSON.stringify(found) : printPreview(found));
			});
		}
		case 'status':
			expect(rest, 0, 'status takes no argument');
			return ask(config, async (client) => {
				const status = await client.status();
				console.log(values.json === true ? JSON.stringify(status) : printStatus(status, client.where));
			});
		case 'explain': {
			expect(rest, 1, 'explain takes one path');
			const path = rest[0] ?? '';
			return ask(config, async (client) => {
				const docId = docIdOf(config, path) ?? docIdInReports(await client.reports(), path) ?? path;
				const found = await client.explain(config.tenant, docId);
				console.log(values.json === true ? JSON.stringify(found) : explain(docId, found));
			});
		}
		case 'keys':
			return keysCommand(config.keyring, rest, values);
		case 'mcp': {
			expect(rest, 0, 'mcp takes no argument');
			const { serveStdio } = await import('./cli/mcp-command.ts');
			return serveStdio(config, values.tenant ?? null);
		}
		case 'audit':
			expect(rest, 0, 'audit takes no argument');
			return ask(config, (client) => audit(client, values.tenant ?? null, values));
		case 'backup': {
			expect(rest, 1, 'backup takes one folder');
			const dir = whereNamed(rest[0] ?? '');
			return ask(config, async (client) => {
				const { files, bytes } = await runBackup(client, config, dir, systemClock);
				const said = `${count(files, 'file')}, ${bytes.toLocaleString('en')} bytes in ${dir}`;
				console.log(values.json === true ? JSON.stringify({ files, bytes }) : said);
			});
		}
		case 'restore': {
			expect(rest, 1, 'restore takes one folder');
			const { restore } = await import('./server.ts');
			const { at } = await restore(whereNamed(rest[0] ?? ''), config);
			console.log(
				`Restored as of ${at}. Start docdrop as before: it compares everything, and the folder tells of all its files.`,
			);
			return;
		}
		case 'release':
			expect(rest, 0, 'release takes no argument');
			return ask(config, async (client) => {
				const { folders } = await client.status();
				if (folders.length === 0) {
					throw new DocDropError('not_found', 'no folder is followed', {
						hint: 'Held deletions are those of a running docdrop watch.',
					});
				}
				let released = 0;
				for (const { sourceId } of folders) released += await client.release(sourceId);
				if (values.json === true) console.log(JSON.stringify({ released }));
				else console.log(released === 0 ? 'No deletion is held.' : `${released} held deletions go now.`);
			});
		case 'adopt':
			if (rest.length === 0 || rest.length > 2) throw new UsageError('adopt takes one folder, or two');
			console.log(await adoptFolder(config, whereNamed(rest[0] ?? ''), rest[1] && whereNamed(rest[1])));
			return;
		default:
			throw new UsageError(`there is no command ${JSON.stringify(command)}`);
	}
}

/** One document by its name, or all that are like a filter; never both, and never neither. */
async function change(
	config: Config,
	command: 'patch' | 'delete',
	rest: readonly string[],
	values: ReturnType<typeof parse>['values'],
): Promise<void> {
	const filter = filterOf(values.filter);
	if ((filter === undefined ? 1 : 0) !== rest.length)
		throw new UsageError(`${command} takes one path, or --filter`);
	const metadata = command === 'delete' ? null : metadataOf(values.set);
	const dryRun = values['dry-run'] === true;
	const takeOver = values['take-over'] === true;
	const { tenant } = config;
	if (filter === undefined && dryRun) throw new UsageError('--dry-run goes with --filter');
	return ask(config, async (client) => {
		if (filter === undefined) {
			const docId = docIdOf(config, rest[0] ?? '') ?? rest[0] ?? '';
			const receipt = await client.change({ tenant, docId }, metadata, takeOver);
			console.log(values.json === true ? JSON.stringify(receipt) : `${docId}: ${receipt.state}`);
			return;
		}
		const asked = { tenant, filter, metadata, dryRun, takeOver };
		const sum = await changeAll(client, asked);
		console.log(values.json === true ? JSON.stringify(sum) : printChanged(asked, sum));
		if (sum.failed > 0 || sum.stopped !== undefined) process.exitCode = 1;
	});
}

function parse(argv: readonly string[]) {
	try {
		return parseArgs({ args: [...argv], options, allowPositionals: true });
	} catch (error) {
		throw new UsageError(error instanceof Error ? error.message : String(error));
	}
}

function expect(rest: readonly string[], count: number, message: string): void {
	if (rest.length !== count) throw new UsageError(message);
}

function readFile(file: string): Uint8Array {
	try {
		return readFileSync(whereNamed(file));
	} catch (cause) {
		throw new UsageError(`preview takes a file that can be read (${(cause as NodeJS.ErrnoException).code})`);
	}
}

/** A file under a followed folder is named by its path there; null for anything else. */
function docIdOf(config: Config, path: string): string | null {
	const absolute = whereNamed(path);
	for (const { dir } of readNote(config)?.folders ?? []) {
		const inside = pathInside(dir, absolute);
		if (inside !== null && inside !== '') return inside;
	}
	return null;
}

/** A workflow tells the names of its folders, not where they are: what follows such a name is the path there. */
function docIdInReports(reports: readonly ReportedFolders[], path: string): string | null {
	if (!isAbsolute(path) && !existsSync(whereNamed(path))) return null;
	const parts = whereNamed(path).split(/[\\/]/);
	for (const { roots } of reports) {
		for (const { label } of roots) {
			const at = parts.lastIndexOf(label, -2);
			if (at !== -1) return parts.slice(roots.length > 1 ? at : at + 1).join('/');
		}
	}
	return null;
}

/** Ends with 1 where something is not as it should be, so that a timer of the system notices. */
async function audit(
	client: Client,
	tenant: string | null,
	{ repair = false, stop = false, json = false }: { repair?: boolean; stop?: boolean; json?: boolean },
): Promise<void> {
	if (stop) {
		const stopped = await client.stopAudit(tenant);
		return console.log(
			json ? JSON.stringify({ stopped }) : stopped ? 'The audit ends.' : 'No audit is under way.',
		);
	}
	const report = await runAudit(client, { tenant, repair }, systemClock);
	if (report === null || report.left > 0) process.exitCode = 1;
	if (json) return console.log(JSON.stringify(report));
	console.log(
		report === null
			? 'The audit ended before its end: it was stopped, or the log says why.'
			: printAudit(report),
	);
}

async function ask(config: Config, act: (client: Client) => Promise<void>): Promise<void> {
	const client = await createClient(config);
	try {
		await act(client);
	} finally {
		await client.close();
	}
}

async function run(config: Config, dir: string | undefined): Promise<void> {
	relaunch();
	const isTerminal = process.stderr.isTTY;
	// On a terminal the log would tear the bar: only what a person should know about gets through.
	const quiet: Config = isTerminal && config.logLevel === 'info' ? { ...config, logLevel: 'warn' } : config;
	// Loaded only here: the other commands need nothing of it, and it takes longer than all that they do.
	const [{ startServer }, { showProgress }] = await Promise.all([
		import('./server.ts'),
		import('./cli/progress-bar.ts'),
	]);
	const server = await startServer(quiet, dir === undefined ? {} : { follow: dir });
	console.error(`DocDrop ${version} on ${server.url}${dir === undefined ? '' : `, following ${dir}`}`);
	console.error(`  API and its description: ${server.url}/docs`);
	console.error('  In another terminal: docdrop search "…"   docdrop status   docdrop explain FILE');
	const endProgress = server.folder === null ? () => {} : showProgress(server, isTerminal);

	void server.lost.then(fail);

	let isStopping = false;
	const stop = (signal: string) => {
		if (isStopping) process.exit(130);
		isStopping = true;
		endProgress();
		console.error(`${signal}: finishing what is in work; again to stop at once`);
		server.stop().then(
			() => process.exit(0),
			(error: unknown) => fail(error),
		);
	};
	process.on('SIGINT', () => stop('SIGINT'));
	process.on('SIGTERM', () => stop('SIGTERM'));
	// On a terminal the signal says that it was closed.
	if (config.keyring !== '' && !isTerminal) process.on('SIGHUP', () => void server.app.reloadKeys());
}

/** What the system refuses at the start is nearly always a setting: a port in use, a folder that cannot be written. */
function fromSystem(error: unknown): DocDropError | null {
	const { code, syscall, port } = error as { code?: string; syscall?: string; port?: number };
	if (code === undefined || syscall === undefined) return null;
	if (syscall === 'listen' || syscall === 'getaddrinfo') {
		const where = port === undefined ? '' : `, port ${port}`;
		return new DocDropError(
			'config_invalid',
			`DOCDROP_HOST and DOCDROP_PORT must name an address that is free (${code}${where})`,
			{ hint: 'Stop the process that has it, or set another DOCDROP_PORT; 0 takes a free one.' },
		);
	}
	return new DocDropError('config_invalid', `a file or folder could not be used (${code}: ${syscall})`, {
		hint: 'Check that DOCDROP_DATA_DIR, and the folder to follow, can be read and written.',
	});
}

function fail(error: unknown): never {
	if (error instanceof UsageError) {
		console.error(`docdrop: ${error.message}\n\n${usage}`);
		process.exit(2);
	}
	const known = isDocDropError(error) ? error : fromSystem(error);
	if (known !== null) {
		console.error(`docdrop: ${known.message}\n  ${known.hint}`);
		process.exit(1);
	}
	console.error('docdrop: unexpected error', error);
	process.exit(1);
}

if (Number(process.versions.node.split('.')[0]) < 24) {
	fail(
		new DocDropError('config_invalid', `DocDrop needs Node.js 24 or later, this is ${process.versions.node}`),
	);
}
main(process.argv.slice(2)).catch(fail);
