import assert from 'node:assert/strict';
import { startApp } from '../../support/app.ts';
import { json, serveInTurn, type Handler } from '../../support/http-server.ts';
import { runWorkflow, type RunOptions } from '../../support/run-workflow.ts';
import { tempDirs } from '../watch/temp-dirs.ts';
import { batch, batchesSent, fileItem, items, runNode, write } from './harness.ts';

describe('a change that is older than what the API has', () => {
	const dirs = tempDirs();

	async function files(...names: readonly string[]) {
		const root = await dirs.make();
		for (const name of names) await write(root, name, `content of ${name}`);
		return Promise.all(names.map((name) => fileItem(root, name)));
	}

	/** The API's own answers but those to batches: of `by`, each document is stale. */
	async function withStale(by: object | undefined, use: (baseUrl: string) => Promise<void>): Promise<void> {
		const app = await startApp({ DOCDROP_WORKERS: '0' });
		const info: unknown = await (await fetch(`${app.url}/v1/info`)).json();
		const answer: Handler = (asked, ...rest) => {
			if (asked.method === 'GET') return json(200, info)(asked, ...rest);
			const [{ documents }] = batchesSent({ requests: [asked] }) as [
				{ documents: { tenant: string; docId: string }[] },
			];
			const results = documents.map(({ tenant, docId }) => ({
				status: 200,
				receipt: {
					...{ jobId: 'job', tenant, docId, version: 1, statusUrl: '/v1/jobs/job' },
					...(docId.startsWith('good') ? { state: 'accepted' } : { state: 'stale', by }),
				},
			}));
			return json(200, { results })(asked, ...rest);
		};
		const server = await serveInTurn(answer);
		try {
			await use(server.url);
		} finally {
			server.close();
			await app.close();
		}
	}

	it('fails under every setting where a copy of the workflow publishes the folder, after the others were sent', () =>
		withStale({ name: 'Invoices (copy)' }, async (baseUrl) => {
			const sent = await files('a.md', 'good.md', 'b.md');
			for (const onError of ['stopWorkflow', 'continueRegularOutput', 'continueErrorOutput'] as const) {
				const options: RunOptions = { baseUrl, parameters: batch, items: items(sent), node: { onError } };
				const { run, error, behind, behindErrors, requests } = await runWorkflow(options);
				assert.deepEqual([run.status, behind, behindErrors], ['error', null, null]);
				assert.equal(
					error?.message,
					'"Invoices (copy)" publishes this folder now: its changes are newer than this workflow\'s (2 of 3 items: a.md, b.md)',
				);
				const { description, context } = error as { description?: string; context?: { code?: string } };
				assert.equal(context?.code, 'superseded', 'the trigger knows it by this');
				assert.match(
					description ?? '',
					/^Unpublish \(before n8n 2: deactivate\) one of the two workflows\. The one that stays takes over by itself\. /,
				);
				assert.equal(requests.filter(({ method }) => method === 'POST').length, 1);
			}
		}));

	it('is a success that says so where nobody else publishes it', () =>
		withStale(undefined, async (baseUrl) => {
			const run = await runNode({ baseUrl, parameters: batch, items: items(await files('a.md', 'good.md')) });
			const [stale, good] = run.json;
			assert.equal(stale.state, 'stale');
			assert.equal(stale.message, 'a newer version is in the index, or on its way there');
			assert.equal(good.message, undefined);
		}));

	describe('by the real API', () => {
		let app: Awaited<ReturnType<typeof startApp>>;
		before(async () => {
			app = await startApp({ DOCDROP_WORKERS: '0' });
		});
		after(() => app.close());
		const numbered = async (name: string) => {
			const [file = assert.fail()] = await files(name);
			return (seq: number, mode: NonNullable<RunOptions['mode']> = 'trigger') =>
				runWorkflow({
					...{ baseUrl: app.url, parameters: batch, mode },
					items: items([{ ...file, docdrop: { ...file.docdrop, seq } }]),
				});
		};

		it('fails where somebody else used the numbers of the trigger, which waits for the end', async () => {
			const send = await numbered('twin.md');
			await send(5);
			const { run, error } = await send(4);
			assert.equal(run.status, 'error');
			assert.match(error?.message ?? '', /another n8n sends them in the name of this same workflow/);
			const { context, description } = error as { context?: object; description?: string };
			assert.deepEqual(JSON.parse(JSON.stringify(context)), {
				itemIndex: 0,
				code: 'superseded',
				refused: [],
			});
			assert.match(description ?? '', /Unpublish \(before n8n 2: deactivate\) the workflow in one of them/);
		});

		it('is a success that says so where nobody waits, or the number was its own', async () => {
			const send = await numbered('late.md');
			await send(5);
			for (const mode of ['integrated', 'retry'] as const) {
				const { output } = await send(4, mode);
				assert.equal(output[0]?.json['message'], 'a newer version is in the index, or on its way there');
			}
		});
	});
});
