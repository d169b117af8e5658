import assert from 'node:assert/strict';
import { type PageStage, shoot, startPageStage } from './page-stage.ts';

/** Five thousand documents of a tenant, watched by a person. */
const total = 5_000;
const atOnce = 500;

describe('an onboarding on the page', () => {
	let stage: PageStage;
	before(async () => {
		// All of them are accepted before the first is worked on.
		stage = await startPageStage({
			DOCDROP_EMBEDDER: 'static',
			DOCDROP_WINDOW_MS: '5000',
			DOCDROP_MAX_WAIT_MS: '5000',
		});
	});
	after(() => stage.close());

	it('is seen from 0 to 100 percent, with files a minute and the time that is left', async function () {
		this.timeout(900_000);
		const tab = await stage.open('tenants');
		await tab.waitForSelector('.connection.ok');
		// What the page shows is noted as it changes.
		await tab.evaluate(`{
			globalThis.seen = [];
			const note = () => {
				const row = document.querySelector('[data-tenant="acme"]');
				if (row !== null) seen.push([row.querySelector('progress').value, row.querySelector('p').textContent]);
			};
			new MutationObserver(note).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
		}`);
		for (let from = 0; from < total; from += atOnce) {
			const documents = Array.from({ length: atOnce }, (_, nth) => ({
				...{ tenant: 'acme', docId: `notes/${from + nth}.txt` },
				content: { text: `Note ${from + nth} of the onboarding.` },
			}));
			await stage.call('/v1/ingest/batch', { documents });
		}
		await tab
			.locator('[data-tenant="acme"] p', { hasText: /^5,000 documents · nothing waits/ })
			.waitFor({ timeout: 800_000 });
		const seen = await tab.evaluate<[number, string][]>('seen');
		const percents = seen.map(([percent]) => percent);
		assert.ok(percents.includes(0), 'it began at 0');
		assert.ok(
			percents.some((percent) => percent > 0 && percent < 100),
			'it was seen between',
		);
		assert.equal(percents.at(-1), 100);
		assert.ok(
			seen.some(([, text]) => / a minute · .* left/.test(text)),
			'a rate and the time left were shown',
		);
		await shoot(tab, 'tenants-done');
		assert.deepEqual(stage.complaints(), []);
	});
});
