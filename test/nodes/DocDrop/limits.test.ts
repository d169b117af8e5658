import assert from 'node:assert/strict';
import { mimeTypes } from '../../../api/contract/file-types.ts';
import { contractVersion as spoken } from '../../../api/http/status-routes.ts';
import { isApiFailure } from '../../../nodes/DocDrop/node-errors.ts';
import { contractVersion, readLimits } from '../../../nodes/DocDrop/api-limits.ts';
import { createThrottle } from '../../../nodes/DocDrop/throttle.ts';
import { createTransport } from '../../../nodes/DocDrop/transport.ts';
import { startApp } from '../../support/app.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { json, serveInTurn } from '../../support/http-server.ts';
import { createExecuteContext } from '../../support/n8n-context.ts';

const info = (more: object = {}) => ({
	name: 'docdrop',
	version: '9.8.7',
	contract: contractVersion,
	limits: { batchDocuments: 500, bodyBytes: 8_388_608, fileBytes: 1_048_576, windowMs: 0 },
	mimeTypes: ['text/plain'],
	...more,
});

function connect(baseUrl: string) {
	const clock = fakeClock();
	const context = createExecuteContext({ baseUrl });
	const throttle = createThrottle({ clock, limit: 100, windowMs: 60_000 });
	return { clock, api: createTransport({ context, throttle, clock, random: () => 0 }) };
}

describe('limits', () => {
	it('are those of the real API, which speaks the same contract', async () => {
		assert.equal(contractVersion, spoken);
		const app = await startApp({ DOCDROP_MAX_FILE_MB: '3', DOCDROP_MAX_BODY_MB: '2' });
		try {
			const { api, clock } = connect(app.url);
			const limits = await readLimits(api, clock);
			const bytes = { bodyBytes: 2 * 1_048_576, fileBytes: 3 * 1_048_576 };
			assert.deepEqual(limits, { batchDocuments: 500, ...bytes, mimeTypes });
		} finally {
			await app.close();
		}
	});

	it('are asked for once a minute an address, by whatever execution', async () => {
		const server = await serveInTurn(json(200, info()));
		try {
			const { api, clock } = connect(server.url);
			await readLimits(api, clock);
			await clock.advance(59_999);
			await readLimits(connect(server.url).api, clock);
			assert.equal(server.asked.length, 1);
			await readLimits(connect(`${server.url}/other`).api, clock);
			assert.equal(server.asked.length, 2);
			await clock.advance(1);
			await readLimits(api, clock);
			assert.equal(server.asked.length, 3);
		} finally {
			server.close();
		}
	});

	it('name both contracts where they differ, and which side to update; a failure is not kept', async () => {
		const server = await serveInTurn(
			json(200, info({ contract: contractVersion + 1 })),
			json(200, info({ contract: contractVersion - 1 })),
			json(200, info()),
		);
		try {
			const { api, clock } = connect(server.url);
			for (const [contract, update] of [
				[contractVersion + 1, 'n8n-nodes-docdrop'],
				[contractVersion - 1, 'the API'],
			] as const) {
				await assert.rejects(readLimits(api, clock), (error) => {
					assert.ok(isApiFailure(error));
					assert.equal(error.code, 'contract_mismatch');
					assert.ok(error.message.includes('9.8.7'));
					assert.ok(error.message.includes(`speaks contract ${contract},`));
					assert.ok(error.message.endsWith(`speak contract ${contractVersion}`));
					assert.ok(error.hint.includes(update));
					return true;
				});
			}
			assert.equal((await readLimits(api, clock)).batchDocuments, 500);
		} finally {
			server.close();
		}
	});

	it('are not taken from anything else that answers JSON', async () => {
		const answers = [
			null,
			[],
			'docdrop',
			{},
			info({ name: 'other' }),
			info({ contract: '1' }),
			info({ limits: { batchDocuments: 0, bodyBytes: 1, fileBytes: 1 } }),
			info({ limits: null }),
			info({ mimeTypes: 'text/plain' }),
		];
		const server = await serveInTurn(...answers.map((answer) => json(200, answer)));
		try {
			const { api, clock } = connect(server.url);
			for (const answer of answers) {
				await assert.rejects(
					readLimits(api, clock),
					(error) => isApiFailure(error) && error.code === 'not_docdrop',
					JSON.stringify(answer),
				);
			}
		} finally {
			server.close();
		}
	});
});
