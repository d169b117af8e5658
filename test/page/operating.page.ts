import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { settled } from '../support/settled.ts';
import { key, type PageStage, shoot, startPageStage, tabTo } from './page-stage.ts';

/** What an operator does, by keyboard alone. */
const hostile = `<img src=x onerror=alert(1)>`;

describe('operating by the page', () => {
	let stage: PageStage;
	before(async () => {
		stage = await startPageStage();
		for (let nth = 0; nth < 12; nth += 1)
			writeFileSync(
				join(stage.inbox, `note ${nth}.md`),
				`# Note ${nth}\n\nOtters hold hands while they sleep.\n`,
			);
		writeFileSync(join(stage.inbox, `${hostile}.txt`), `${hostile} <script>alert(2)</script> otters`);
		await settled(stage.url, { 'x-api-key': key });
	});
	afterEach(async () => {
		await stage.closeTabs();
		assert.deepEqual(stage.complaints(), [], 'a tab complained');
	});
	after(() => stage.close());

	it('asks for the key once, says of a wrong one that it is none, and forgets it when told', async () => {
		const tab = await stage.open('overview');
		await tab.waitForSelector('.connection.ok');
		await tabTo(tab, 'Forget the key');
		// The key of the tests comes with every load; without it the page is as a person finds it.
		await tab.addInitScript("sessionStorage.removeItem('docdrop-key')");
		await tab.keyboard.press('Enter');
		await tab.waitForSelector('dialog.key[open]');
		await tab.keyboard.type('no key of ours');
		await tab.keyboard.press('Enter');
		await tab.locator('#key-why', { hasText: 'not known' }).waitFor();
		await shoot(tab, 'key-wrong');
		await tab.keyboard.type(key);
		await tab.keyboard.press('Enter');
		await tab.waitForSelector('.connection.ok');
		await tab.waitForSelector('[data-stage="index"]');
		assert.equal(await tab.locator('dialog.key[open]').count(), 0);
	});

	it('shows a tenant’s key what is of that tenant, and nothing of the machine', async () => {
		const tab = await stage.open('overview');
		await tab.addInitScript("sessionStorage.setItem('docdrop-key', 'key-of-solo')");
		await tab.reload();
		await tab.waitForSelector('.connection.ok');
		await tab.waitForSelector('[data-stage="index"]');
		assert.equal(await tab.locator('.facts', { hasText: 'Memory' }).count(), 0);
		assert.equal(await tab.getByText('Over time').isVisible(), false);
		assert.equal(await tab.getByText('inbox').count(), 0);
		await tab.goto(`${stage.url}/#/documents`);
		assert.equal(await tab.getByLabel('Tenant').inputValue(), 'solo');
	});

	it('retries a failed document, whose reason it shows as it is', async () => {
		stage.embedder.refuse({ word: 'platypus', reason: hostile });
		await stage.call('/v1/publish', {
			tenant: 'default',
			docId: 'odd.txt',
			content: { text: 'A platypus.' },
		});
		const tab = await stage.open('overview');
		await tab.getByText('1 document could not be taken in.').waitFor();
		await tabTo(tab, 'See why, and retry');
		await tab.keyboard.press('Enter');
		const row = tab.locator('tr[data-doc="odd.txt"]');
		await row.getByText(hostile).waitFor();
		await shoot(tab, 'failed');
		stage.embedder.refuse(null);
		await tabTo(tab, 'Retry odd.txt');
		await tab.keyboard.press('Enter');
		await tab.getByText('odd.txt is tried again').waitFor();
		await tab.getByLabel('State').selectOption('');
		await settled(stage.url, { 'x-api-key': key });
		await tabTo(tab, 'Refresh');
		await tab.keyboard.press('Enter');
		await row.getByText('in the index').waitFor();
	});

	it('retries all that failed', async () => {
		stage.embedder.refuse({ word: 'wombat', reason: 'no wombats' });
		const documents = Array.from({ length: 7 }, (_, nth) => ({
			...{ tenant: 'default', docId: `wombat ${nth}.txt`, content: { text: `wombat ${nth}` } },
		}));
		await stage.call('/v1/ingest/batch', { documents });
		await settled(stage.url, { 'x-api-key': key });
		const tab = await stage.open('documents?state=failed');
		await tab.getByText('Page 1, 7 documents').waitFor();
		stage.embedder.refuse(null);
		await tabTo(tab, 'Retry all failed');
		await tab.keyboard.press('Enter');
		await tab.getByText('7 documents tried again').first().waitFor();
		await settled(stage.url, { 'x-api-key': key });
		const { documents: failed } = await stage.call<{ documents: unknown[] }>(
			'/v1/documents?tenant=default&state=failed',
		);
		assert.deepEqual(failed, []);
	});

	it('opens a document with its passages and changes, whatever it is called', async () => {
		const tab = await stage.open('documents');
		await tabTo(tab, `${hostile}.txt`);
		await tab.keyboard.press('Enter');
		const sheet = tab.getByRole('dialog');
		await sheet.getByText('Passage 1').waitFor();
		await sheet.getByText('<script>alert(2)</script>').waitFor();
		assert.equal(await tab.locator('img[src="x"], script:not([src])').count(), 0);
		await shoot(tab, 'document');
		await tab.keyboard.press('Escape');
		await sheet.waitFor({ state: 'hidden' });
	});

	it('finds passages, with the words of the question marked', async () => {
		const tab = await stage.open('search');
		await tab.waitForSelector('.connection.ok');
		await tab.locator('input[type=search]').focus();
		await tab.keyboard.type('otters hold');
		await tab.keyboard.press('Enter');
		await tab.locator('.hit mark', { hasText: 'Otters' }).first().waitFor();
		await tab
			.getByText(/By words: place \d+ /)
			.first()
			.waitFor();
		assert.equal(await tab.locator('img[src="x"], script:not([src])').count(), 0);
		await shoot(tab, 'search');
		// By a filter, and by one that is none.
		await tab.getByText('Filter', { exact: true }).press('Enter');
		await tab.getByLabel('Path begins with').fill('note 3');
		await tab.locator('input[type=search]').press('Enter');
		await tab.getByText(/^1 passage in /).waitFor();
		assert.equal(await tab.locator('.hit').count(), 1);
		await tab.getByLabel('Filter as JSON').fill('{no');
		await tab.locator('input[type=search]').press('Enter');
		await tab.getByText('The filter must be well-formed JSON.').waitFor();
	});

	it('previews a dropped file and publishes it', async () => {
		const tab = await stage.open('add');
		await tab.waitForSelector('.connection.ok');
		const name = `dropped ${hostile}.md`;
		await tab.evaluate(`{
			const data = new DataTransfer();
			data.items.add(new File([${JSON.stringify(`# ${hostile}\n\nA capybara was dropped.`)}], ${JSON.stringify(name)}));
			const zone = document.querySelector('.drop');
			for (const type of ['dragover', 'drop'])
				zone.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
		}`);
		await tabTo(tab, 'Preview');
		await tab.keyboard.press('Enter');
		await tab.getByText('It is new.').waitFor();
		await tab.locator('.chunk').getByText('A capybara was dropped.').waitFor();
		await shoot(tab, 'preview');
		await tab.getByRole('button', { name: 'Publish', exact: true }).focus();
		await tab.keyboard.press('Enter');
		await tab.locator('.added .state.ok').getByText('in the index').waitFor();
		const { documents } = await stage.call<{ documents: { docId: string }[] }>(
			'/v1/documents?tenant=default&prefix=dropped',
		);
		assert.deepEqual(
			documents.map(({ docId }) => docId),
			[name],
		);
	});

	it('says of a file that is not taken why, and takes the others', async () => {
		const tab = await stage.open('add');
		await tab.waitForSelector('.connection.ok');
		await tab.locator('#files').setInputFiles([
			{ name: 'good.txt', mimeType: 'text/plain', buffer: Buffer.from('good') },
			{ name: 'note 1.md', mimeType: 'text/markdown', buffer: Buffer.from('belongs to the folder') },
		]);
		await tabTo(tab, 'Publish all');
		await tab.keyboard.press('Enter');
		await tab.locator('[data-file="good.txt"]').getByText('in the index').waitFor();
		await tab.locator('[data-file="note 1.md"]').getByText('not taken').waitFor();
		await tab.locator('[data-file="note 1.md"]').getByRole('alert').waitFor();
	});

	it('releases paused deletions', async () => {
		for (let nth = 0; nth < 10; nth += 1) rmSync(join(stage.inbox, `note ${nth}.md`));
		const tab = await stage.open('overview');
		await tab.getByRole('button', { name: 'Release 10 deletions' }).waitFor();
		await shoot(tab, 'paused');
		await tabTo(tab, 'Release 10 deletions');
		await tab.keyboard.press('Enter');
		await tab.getByText('10 deletions released in inbox').waitFor();
		await tab.getByRole('button', { name: 'Release 10 deletions' }).waitFor({ state: 'hidden' });
		await tab.locator('.folders', { hasText: '3 files' }).waitFor();
	});
});
