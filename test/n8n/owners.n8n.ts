import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { documentsOf } from '../bench/corpus.ts';
import { inGroups } from '../support/trigger-options.ts';
import { installN8n } from './install.ts';
import { createRealN8n } from './real-n8n.ts';
import { createRig, type Rig } from './rig.ts';
import {
	activate,
	chain,
	createCredential,
	createWorkflow,
	deactivate,
	executionCount,
	executions,
	type Workflow,
	type WorkflowNode,
} from './workflows.ts';

/**
 * Workflows that were copied, moved or pointed at what another one publishes, in the real n8n: half a minute after an
 * activation the index equals the folder, or a failed execution says what to do. A folder and a tenant of its own a test.
 */
describe('a change of owner, in the real n8n', () => {
	let rig: Rig;
	let credential: { id: string; name: string };
	let active: string[] = [];
	/** Of the test that runs: its folder and its tenant. */
	let name = '';
	before(async () => {
		rig = await createRig();
		credential = await createCredential(rig.n8n, rig.api.url);
	});
	afterEach(async () => {
		for (const id of active) await deactivate(rig.n8n, id);
		active = [];
	});
	after(() => rig.close());

	const folder = () => join(rig.inbox, name);
	const write = (file: string, text = `${name} ${file}`) => {
		mkdirSync(join(folder(), file, '..'), { recursive: true });
		writeFileSync(join(folder(), file), text);
	};
	const remove = (file: string) => rmSync(join(folder(), file));
	const rename = (from: string, to: string) => renameSync(join(folder(), from), join(folder(), to));
	function workflow(
		title: string,
		parameters: object = {},
		options: Readonly<Record<string, unknown>> = {},
	): Workflow {
		const node = (type: string, more: object): WorkflowNode => ({
			id: randomUUID(),
			name: type,
			type: `n8n-nodes-docdrop.${type}`,
			typeVersion: 1,
			position: [0, 0],
			parameters: {},
			...more,
		});
		return {
			name: title,
			...chain(
				node('docDropTrigger', {
					parameters: {
						folder: { __rl: true, mode: 'path', value: folder() },
						...{ tenantFrom: 'fixed', tenant: name },
						...parameters,
						...inGroups(options),
					},
				}),
				node('docDrop', {
					parameters: { resource: 'batch', operation: 'publishMany' },
					credentials: { docDropApi: credential },
				}),
			),
		};
	}
	async function publish(id: string): Promise<string> {
		await activate(rig.n8n, id);
		active.push(id);
		return id;
	}
	const start = async (one: Workflow) => publish(await createWorkflow(rig.n8n, one));
	async function stop(id: string): Promise<void> {
		await deactivate(rig.n8n, id);
		active = active.filter((other) => other !== id);
	}
	/** Begins a test: a folder of some files that a first workflow has published. */
	async function published(of: string): Promise<{ original: Workflow; id: string }> {
		name = of;
		for (const file of ['a.txt', 'b.md', 'sub/c.html', 'd.txt', 'e.txt']) write(file);
		const original = workflow(`${of}, the original`);
		const id = await start(original);
		await equal();
		return { original, id };
	}
	/** As n8n's editor duplicates: the same parameters, nodes with IDs of their own. */
	const duplicateOf = (one: Workflow): Workflow => ({
		...one,
		name: `${name}, the copy`,
		nodes: one.nodes.map((node) => ({ ...node, id: randomUUID() })),
	});
	/** Everything that can happen to files. */
	function change(round: string): void {
		write(`created ${round}.txt`);
		write('a.txt', `edited ${round}`);
		write(`moves ${round}.txt`);
	}
	function changeMore(round: string): void {
		rename(`moves ${round}.txt`, `moved ${round}.md`);
		remove(`created ${round}.txt`);
		write('b.md', `edited ${round}`);
	}

	async function difference(of = name): Promise<string | null> {
		const documents = await rig.api.documents(of);
		const files = await documentsOf(folder());
		for (const { docId, path } of files) {
			const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
			const found = documents.get(docId);
			if (found?.state !== 'published' || found.sha256 !== sha256)
				return `${docId}: ${found?.state ?? 'missing'}`;
			documents.delete(docId);
		}
		const left = [...documents].filter(([, { state }]) => state !== 'deleted');
		return left.length === 0 ? null : `left: ${left.map(([docId]) => docId).join(', ')}`;
	}
	async function until<T>(what: string, ask: () => Promise<T | null>, seconds = 30): Promise<T> {
		const end = Date.now() + seconds * 1000;
		for (;;) {
			const found = await ask();
			if (found !== null) return found;
			if (Date.now() > end) assert.fail(`${what}: not within ${seconds} s\n${rig.n8n.log().slice(-3000)}`);
			await sleep(100);
		}
	}
	async function equal(seconds = 30): Promise<void> {
		let found: string | null = '';
		const isEqual = async () => ((found = await difference()) === null ? true : null);
		await until('the index equals the folder', isEqual, seconds).catch((error: unknown) => {
			throw new Error(found ?? '', { cause: error });
		});
	}
	/** Message and description of the newest failed execution. */
	async function failure(id: string): Promise<string> {
		const failed = async () =>
			(await executions(rig.n8n, id)).find(({ status }) => status === 'error') ?? null;
		const { id: execution } = await until('an execution has failed', failed);
		const { data } = await rig.n8n.rest<{ data: string }>('GET', `/executions/${execution}`);
		return data.replaceAll('\\"', '"');
	}
	const green = async (id: string) =>
		assert.deepEqual(
			(await executions(rig.n8n, id)).filter(({ status }) => status === 'error' || status === 'crashed'),
			[],
		);
	const cli = async (...args: readonly string[]) => {
		const n8n = join(installN8n(), 'node_modules/n8n/bin/n8n');
		const userFolder = join(rig.n8n.database, '../..');
		await promisify(execFile)(process.execPath, [n8n, ...args], {
			env: {
				...process.env,
				N8N_USER_FOLDER: userFolder,
				N8N_ENCRYPTION_KEY: 'docdrop-under-test',
				N8N_DIAGNOSTICS_ENABLED: 'false',
			},
		});
	};

	for (const end of ['deactivated', 'deleted'] as const) {
		it(`exported and imported, the old workflow ${end}`, async () => {
			const { id } = await published(`import-${end}`);
			await stop(id);
			remove('d.txt');
			change('between');
			const file = join(rig.inbox, '..', `${name}.json`);
			await cli('export:workflow', `--id=${id}`, `--output=${file}`);
			// What a person imports is a workflow of its own: n8n's editor drops the ID as well.
			const [exported] = [JSON.parse(readFileSync(file, 'utf8')) as Workflow[] | Workflow].flat();
			assert.ok(exported !== undefined);
			if (end === 'deleted') {
				await rig.n8n.rest('POST', `/workflows/${id}/archive`);
				await rig.n8n.rest('DELETE', `/workflows/${id}`);
			}
			writeFileSync(file, JSON.stringify([{ ...exported, id: `${name}-new`, name: `${name}, imported` }]));
			await cli('import:workflow', `--input=${file}`);
			await publish(`${name}-new`);
			await equal();
			changeMore('between');
			change('after');
			await equal();
			changeMore('after');
			await equal();
			await green(`${name}-new`);
		});
	}

	it('duplicated, the copy active alone', async () => {
		const { original, id } = await published('copy-alone');
		await stop(id);
		change('between');
		remove('e.txt');
		const copy = await start(duplicateOf(original));
		await equal();
		changeMore('between');
		await equal();
		await green(copy);
	});

	it('duplicated, the original active alone', async () => {
		const { original, id } = await published('original-alone');
		await createWorkflow(rig.n8n, duplicateOf(original));
		change('after');
		await equal();
		changeMore('after');
		await equal();
		await green(id);
	});

	it('duplicated, both active: the newer one publishes, and the older one says so, once', async () => {
		const { original, id } = await published('both');
		const copy = await start(duplicateOf(original));
		await equal();
		for (let round = 0; round < 5; round += 1) {
			change(`round ${round}`);
			await equal();
			changeMore(`round ${round}`);
			await equal();
		}
		const said = await failure(id);
		assert.match(said, /"workflow both, the copy" publishes this folder now/);
		assert.match(said, /Unpublish .* one of the two workflows/);
		await green(copy);
		const failed = (await executions(rig.n8n, id)).filter(({ status }) => status === 'error');
		assert.ok(failed.length <= 2, `${failed.length} failed executions`);
		// The one that stays takes over by itself, without another change.
		write('only the copy.txt');
		await equal();
		await stop(copy);
		remove('only the copy.txt');
		await equal();
		change('alone again');
		await equal();
	});

	it('the original again after its copy', async () => {
		const { original, id } = await published('to-and-fro');
		await stop(id);
		const copy = await start(duplicateOf(original));
		await equal();
		write('made under the copy, stays.txt');
		write('made under the copy, goes.txt');
		await equal();
		await stop(copy);
		remove('made under the copy, goes.txt');
		await publish(id);
		await equal();
		change('after');
		await equal();
	});

	it('the original again, where all that happened is that a file of the copy went', async () => {
		const { original, id } = await published('gone-unseen');
		await stop(id);
		const copy = await start(duplicateOf(original));
		write('goes.txt');
		await equal();
		await stop(copy);
		remove('goes.txt');
		await publish(id);
		await equal();
		await green(id);
	});

	it('the trigger put in anew', async () => {
		const { original, id } = await published('anew');
		const nodes = original.nodes.map((node) => ({ ...node, id: randomUUID() }));
		await stop(id);
		remove('d.txt');
		await rig.n8n.rest('PATCH', `/workflows/${id}`, { nodes, connections: original.connections });
		await publish(id);
		await equal();
		change('after');
		await equal();
		changeMore('after');
		await equal();
		await green(id);
	});

	it('another folder with equal names in the tenant: refused in words, and taken over with the switch', async () => {
		const { id } = await published('theirs');
		const tenant = name;
		await stop(id);
		name = 'ours';
		for (const file of ['a.txt', 'b.md', 'new.txt']) write(file);
		const ours = workflow('ours', { tenant });
		const other = await start(ours);
		const said = await failure(other);
		assert.match(said, /belongs to another source, "workflow theirs, the original"/);
		assert.match(said, /Take Over Documents/);
		const isThere = async () => ((await rig.api.documents(tenant)).has('new.txt') ? true : null);
		await until('what nobody else has is published', isThere);
		const with_ = workflow('ours', { tenant }, { takeOver: true });
		const nodes = ours.nodes.map((node, at) => ({ ...node, parameters: with_.nodes[at]?.parameters }));
		await rig.n8n.rest('PATCH', `/workflows/${other}`, { nodes, connections: ours.connections });
		await publish(other);
		for (const file of ['a.txt', 'b.md']) {
			const sha256 = createHash('sha256').update(`ours ${file}`).digest('hex');
			await until(`${file} is ours`, async () =>
				(await rig.api.documents(tenant)).get(file)?.sha256 === sha256 ? true : null,
			);
		}
	});

	it('a link to the folder of another workflow: refused in words', async () => {
		await published('linked');
		symlinkSync(folder(), join(rig.inbox, 'the link'));
		const parameters = { folder: { __rl: true, mode: 'path', value: join(rig.inbox, 'the link') } };
		const other = await start(workflow('by a link', parameters));
		const said = await failure(other);
		assert.match(said, /belongs to another source, "workflow linked, the original"/);
		assert.match(said, /another Tenant or Document ID/);
	});

	it('duplicated for another tenant: both follow', async () => {
		const { original, id } = await published('first-tenant');
		const parameters = { ...original.nodes[0]?.parameters, tenant: 'second-tenant' };
		const nodes = original.nodes.map((node, at) => ({ ...node, ...(at === 0 && { parameters }) }));
		const copy = await start(duplicateOf({ ...original, nodes }));
		change('after');
		await equal();
		changeMore('after');
		await equal();
		const isEqual = async () => ((await difference('second-tenant')) === null ? true : null);
		await until('the other tenant equals the folder', isEqual);
		await green(id);
		await green(copy);
	});

	it('n8n goes on from an older copy of its user folder: refused in words, and then it follows', async () => {
		name = 'twin';
		for (const file of ['a.txt', 'b.md', 'c.txt']) write(file);
		const id = await start(workflow(name, {}, { state: 'sqlite' }));
		await equal();
		await rig.n8n.stop();
		const original = join(rig.n8n.database, '../..');
		const userFolder = join(rig.inbox, '../twin');
		cpSync(original, userFolder, { recursive: true });
		const twin = await createRealN8n({ userFolder, folders: [rig.inbox] });
		await twin.start();
		for (let round = 0; round < 5; round += 1) {
			write('a.txt', `edited under the twin ${round}`);
			await equal();
		}
		await twin.close();
		await rig.n8n.start();
		write('a.txt', 'edited after the twin');
		write('b.md', 'edited after the twin');
		assert.match(await failure(id), /another n8n sends them in the name of this same workflow/);
		await equal(90);
		change('after');
		await equal();
	});

	// n8n itself goes on with what was published, its name included.
	it('renamed and activated again: others are told the new name', async () => {
		const { id } = await published('renamed');
		await rig.n8n.rest('PATCH', `/workflows/${id}`, { name: 'the new name' });
		await stop(id);
		await publish(id);
		write('a.txt', 'edited after it was renamed');
		await equal();
		const other = await start(workflow('other filters', {}, { include: '*.txt' }));
		assert.match(await failure(other), /belongs to another source, "workflow the new name"/);
	});

	it('2,000 files and two active copies: a few failed executions', async () => {
		const { original, id } = await published('many');
		for (let at = 0; at < 2_000; at += 1) write(`${at}.txt`);
		await equal(120);
		await start(duplicateOf(original));
		await sleep(5_000);
		for (let at = 0; at < 2_000; at += 1) write(`${at}.txt`, `edited ${at}`);
		await equal(120);
		await sleep(60_000);
		const failed = (await executions(rig.n8n, id)).filter(({ status }) => status === 'error');
		const all = await executionCount(rig.n8n, id);
		console.log(`        ${failed.length} failed of ${all} executions of the older copy`);
		assert.ok(failed.length >= 1 && failed.length <= 6, `${failed.length} failed executions`);
	});
});
