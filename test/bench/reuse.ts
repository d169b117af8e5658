import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startEmbedderDouble } from '../faults/embedder-double.ts';
import type { Bench, Result } from './bench.ts';
import { startDocDrop, type DocDrop } from './docdrop-process.ts';
import { printTable, round } from './table.ts';
import { waitUntil } from './wait-until.ts';

/**
 * The edit history of a repository's documentation, commit by commit: how many texts an embedder's server is asked
 * for, beside what embedding each changed file anew would ask. Then everything is deleted, the process is killed, and
 * all of it is sent once more.
 *
 * This repository's own, or that of DOCDROP_BENCH_HISTORY (a checkout or a bare repository); its last 1,000 commits
 * that touch a text.
 */
const most = 1_000;
const isText = (path: string) => /\.(md|markdown|rst|txt|html?)$/i.test(path);

interface Change {
	readonly kind: 'put' | 'delete' | 'move';
	readonly path: string;
	readonly from?: string;
	/** Whether the move changed nothing of the content. */
	readonly isPure?: boolean;
}

export async function run(bench: Bench): Promise<Result> {
	const repository =
		process.env['DOCDROP_BENCH_HISTORY'] ?? fileURLToPath(new URL('../../', import.meta.url));
	const git = (...args: string[]) =>
		execFileSync('git', ['-C', repository, ...args], {
			maxBuffer: 1 << 30,
			stdio: ['ignore', 'pipe', 'ignore'],
		});
	const all = git(
		'log',
		'--reverse',
		'--no-merges',
		'--format=%H',
		'--',
		'*.md',
		'*.markdown',
		'*.rst',
		'*.txt',
		'*.html',
	)
		.toString()
		.trim()
		.split('\n');
	const commits = all.slice(-most);
	const embedder = await startEmbedderDouble();
	bench.onEnd(() => embedder.close());
	const dataDir = await bench.temp();
	const env = {
		DOCDROP_EMBEDDER: 'openai',
		DOCDROP_EMBEDDER_URL: `http://127.0.0.1:${embedder.port}/v1`,
		DOCDROP_EMBEDDER_MODEL: 'double',
		DOCDROP_EMBEDDER_DIMENSIONS: String(embedder.dimensions),
		DOCDROP_WINDOW_MS: '0',
	};
	let server = await startDocDrop(bench, ['serve'], dataDir, env);
	const faults: string[] = [];
	const present = new Map<string, Buffer>();
	const sent = { changes: 0, moves: 0, chunks: 0, renamedEmbedded: 0 };

	async function send(documents: readonly object[]): Promise<void> {
		for (let at = 0; at < documents.length; at += 100) {
			const { status, body } = await server.post<{ results: { error?: { message: string } }[] }>(
				'/v1/ingest/batch',
				{ documents: documents.slice(at, at + 100).map((one) => ({ tenant: 'history', ...one })) },
			);
			if (status !== 202) faults.push(`a batch was answered ${status}`);
			for (const { error } of body.results ?? []) if (error !== undefined) faults.push(error.message);
		}
		await settled(bench, server);
	}
	const content = (path: string) => ({ base64: (present.get(path) ?? Buffer.alloc(0)).toString('base64') });

	const [first = ''] = commits;
	for (const path of textsOf(git, `${first}^`)) present.set(path, git('show', `${first}^:${path}`));
	await send([...present.keys()].map((docId) => ({ docId, content: content(docId) })));
	const onboarded = embedder.texts();
	const atStart = await chunksOf(server);

	for (const commit of commits) {
		for (const moved of [true, false]) {
			const changes = changesOf(git, commit).filter(({ isPure }) => (isPure === true) === moved);
			const before = embedder.texts();
			const documents = changes.map(({ kind, path, from }) => {
				if (from !== undefined) present.delete(from);
				if (kind === 'delete') {
					present.delete(path);
					return { docId: path, op: 'delete' };
				}
				present.set(path, git('show', `${commit}:${path}`));
				return {
					docId: path,
					content: content(path),
					...(from !== undefined && { previous: { docId: from } }),
				};
			});
			if (documents.length === 0) continue;
			await send(documents);
			sent.changes += documents.length;
			if (moved) sent.moves += documents.length;
			if (moved) sent.renamedEmbedded += embedder.texts() - before;
		}
		bench.signal.throwIfAborted();
	}
	const embedded = embedder.texts() - onboarded;
	// What was added and what was kept is every chunk of every file that changed.
	const chunks = (await chunksOf(server)) - atStart;
	if (sent.renamedEmbedded > 0) faults.push(`${sent.renamedEmbedded} texts of moved documents were embedded`);

	await send([...present.keys()].map((docId) => ({ docId, op: 'delete' })));
	await server.kill();
	server = await startDocDrop(bench, ['serve'], dataDir, env);
	const before = embedder.texts();
	await send([...present.keys()].map((docId) => ({ docId, content: content(docId) })));
	const again = { embedded: embedder.texts() - before, chunks: await chunksOf(server) };
	await server.stop();

	const savedShare = round(1 - embedded / chunks, 3);
	printTable([
		['commits', commits.length, `${sent.changes} changed texts, ${sent.moves} of them moved alone`],
		['chunks of changed texts', chunks, 'what embedding each changed text anew would ask for'],
		['embedded', embedded, `${round(savedShare * 100, 1)} % saved; goal: at least 90`],
		['  of moved texts', sent.renamedEmbedded],
		['sent once more', again.chunks, 'chunks, after all was deleted and the process was killed'],
		['  embedded', again.embedded],
	]);
	const { changes, renamedEmbedded } = sent;
	return {
		figures: {
			...{ commits: commits.length, changes, chunks, embedded, savedShare, renamedEmbedded },
			...{ againChunks: again.chunks, againEmbedded: again.embedded },
		},
		faults,
	};
}

type Git = (...args: string[]) => Buffer;

function textsOf(git: Git, commit: string): string[] {
	try {
		return git('ls-tree', '-r', '-z', '--name-only', commit).toString().split('\0').filter(isText);
	} catch {
		return [];
	}
}

function changesOf(git: Git, commit: string): Change[] {
	const fields = git('diff-tree', '-r', '-z', '-M', '--root', '--no-commit-id', '--name-status', commit)
		.toString()
		.split('\0');
	const changes: Change[] = [];
	for (let at = 0; at < fields.length - 1;) {
		const status = fields[at] ?? '';
		const [one = '', other = ''] = [fields[at + 1], fields[at + 2]];
		at += status.startsWith('R') || status.startsWith('C') ? 3 : 2;
		if (status.startsWith('R')) changes.push(...moveOf(one, other, status === 'R100'));
		else if (status.startsWith('C')) changes.push({ kind: 'put', path: other });
		else changes.push({ kind: status === 'D' ? 'delete' : 'put', path: one });
	}
	return changes.filter(({ path }) => isText(path));
}

/** Into the texts, out of them, or within. */
function moveOf(from: string, path: string, isPure: boolean): Change[] {
	if (!isText(from)) return [{ kind: 'put', path }];
	return isText(path) ? [{ kind: 'move', path, from, isPure }] : [{ kind: 'delete', path: from }];
}

async function settled(bench: Bench, server: DocDrop): Promise<void> {
	await waitUntil(
		async () => {
			const { pending, inWork, failed } = await server.status();
			if (failed > 0) throw new Error(`${failed} documents failed`);
			return pending + inWork === 0;
		},
		2,
		bench.signal,
	);
}

/** Chunks that publishing added or kept, since the start of the process. */
async function chunksOf(server: DocDrop): Promise<number> {
	const metric = await server.metrics();
	const of = (action: string) => metric(`docdrop_chunks_total{action="${action}"}`) || 0;
	return of('added') + of('kept');
}
