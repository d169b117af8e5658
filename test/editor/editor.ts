import type { Locator, Page } from 'playwright-core';
import { until } from '../support/settled.ts';
import { createNodePanel, type NodePanel } from './node-panel.ts';

/** One tab of n8n's editor, with the words of a person who builds a workflow. */
export interface Editor {
	readonly page: Page;
	/** The list of nodes that may be added. */
	readonly panel: NodePanel;
	/** An empty canvas. */
	newWorkflow(): Promise<void>;
	openWorkflow(id: string): Promise<void>;
	/** The panel of a node on the canvas. */
	openNode(name: string): Promise<void>;
	closeNode(): Promise<void>;
	/** The field of a parameter, by the parameter's name. */
	parameter(name: string): Locator;
	fill(name: string, value: string): Promise<void>;
	/** What a parameter's list offers, by the names that people see. */
	choices(name: string): Promise<readonly string[]>;
	choose(name: string, choice: string): Promise<void>;
	/** Adds what the collections of the open panel have, until they have nothing more to add. */
	addEveryOption(): Promise<void>;
	/** Labels without a word, and texts that no person wrote, in the panel or the dialog that is open. */
	oddTexts(): Promise<readonly string[]>;
	executeStep(): Promise<void>;
	/** What the node gave. */
	output(): Locator;
	showAs(view: 'Schema' | 'Table' | 'JSON'): Promise<void>;
	/** Everything of the node that is open: input, fields and output. */
	details(): Locator;
	/** From the panel of a node that has no credential yet. */
	openNewCredential(): Promise<void>;
	credentialDialog(): Locator;
	/** n8n tests what it saves, and closes the dialog where the test passes. */
	saveCredential(values: Readonly<Record<string, string>>): Promise<void>;
	/** What the dialog says after a failed test, once a person asked for more. */
	credentialProblem(): Promise<string>;
	/** Publishes the workflow; resolves when n8n says that it is active. */
	publish(): Promise<void>;
	/** Loads a file that n8n exported. */
	importFile(path: string): Promise<void>;
	/** Moves the canvas so that every node is in sight. */
	showAll(): Promise<void>;
	/** The nodes on the canvas by name, notes left out. */
	nodeNames(): Promise<readonly string[]>;
}

export function createEditor(page: Page, url: string): Editor {
	const dialog = page.getByTestId('editCredential-modal');
	const parameter = (name: string) => panelOf(page).getByTestId(`parameter-input-${name}`);
	const shownOptions = () => page.getByRole('option').filter({ visible: true });
	return {
		page,
		panel: createNodePanel(page),
		parameter,
		async newWorkflow() {
			await page.goto(`${url}/workflow/new`);
			await page.getByTestId('canvas-plus-button').waitFor();
		},
		async openWorkflow(id) {
			await page.goto(`${url}/workflow/${id}`);
			await page.getByTestId('canvas-node').first().waitFor();
		},
		async openNode(name) {
			await page.locator(`[data-test-id="canvas-node"][data-node-name="${name}"]`).dblclick();
			await page.getByTestId('node-parameters').waitFor();
		},
		async closeNode() {
			await page.getByTestId('ndv-close-button').click();
			await page.getByTestId('ndv').waitFor({ state: 'detached' });
		},
		async fill(name, value) {
			// A field with a list has a selector beside what is typed in.
			const typed = parameter(name).getByTestId('rlc-input-container').or(parameter(name)).last();
			await typed.locator('input').fill(value);
		},
		async choices(name) {
			const list = parameter(name).getByRole('combobox');
			await list.click();
			await shownOptions().first().waitFor();
			const texts = await shownOptions().allInnerTexts();
			await list.click();
			await shownOptions().first().waitFor({ state: 'hidden' });
			return texts.map((text) => text.split('\n')[0] ?? '');
		},
		async choose(name, choice) {
			await parameter(name).getByRole('combobox').click();
			const named = page.getByText(choice, { exact: true });
			await shownOptions().filter({ has: named }).click();
			await shownOptions().first().waitFor({ state: 'hidden' });
		},
		async addEveryOption() {
			const adds = panelOf(page).getByTestId('collection-parameter-add').filter({ visible: true });
			for (let left = await adds.count(); left > 0; left = await adds.count()) {
				const list = adds.first().getByRole('combobox');
				if (await list.isVisible()) {
					await list.click();
					await shownOptions().first().click();
					await shownOptions().first().waitFor({ state: 'hidden' });
				} else {
					// A collection of one option has a button, which goes with it.
					await adds.first().click();
					await until(
						() => adds.count(),
						(count) => count < left,
					);
				}
			}
			const rows = panelOf(page).getByTestId('fixed-collection-add');
			for (const row of await rows.all()) await row.click();
		},
		async oddTexts() {
			const shown = (await dialog.isVisible()) ? dialog : panelOf(page);
			const labels = await shown.getByTestId('input-label').allInnerTexts();
			const odd = (await shown.innerText()).split('\n').filter((line) => /undefined|\[object|NaN/.test(line));
			return [...labels.filter((label) => label.trim() === ''), ...odd];
		},
		async executeStep() {
			await page.getByTestId('ndv').getByTestId('node-execute-button').first().click();
		},
		output: () => page.getByTestId('output-panel'),
		details: () => page.getByTestId('ndv'),
		async showAs(view) {
			await page.getByTestId('output-panel').getByRole('radio', { name: view }).click();
		},
		credentialDialog: () => dialog,
		async openNewCredential() {
			await page.getByTestId('node-credentials-empty-state').getByRole('button').click();
			await dialog.waitFor();
		},
		async saveCredential(values) {
			for (const [name, value] of Object.entries(values)) {
				await dialog.getByTestId(`parameter-input-${name}`).locator('input').fill(value);
			}
			await dialog.getByTestId('credential-save-button').click();
		},
		async credentialProblem() {
			await dialog.getByText('More details').click();
			return dialog.innerText();
		},
		async publish() {
			await page.getByTestId('workflow-open-publish-modal-button').click();
			await page.getByTestId('workflow-publish-button').click();
			await page.getByTestId('workflow-active-version-indicator').waitFor();
			await page.getByTestId('activation-modal').getByRole('button', { name: 'Got it' }).click();
		},
		async importFile(path) {
			await page.getByTestId('workflow-menu').click();
			const choosing = page.waitForEvent('filechooser');
			await page.getByRole('menuitem', { name: 'Import' }).hover();
			await page.getByRole('menuitem', { name: 'From file' }).click();
			await (await choosing).setFiles(path);
			await page.getByTestId('canvas-node').first().waitFor();
		},
		async showAll() {
			await page.getByTestId('zoom-to-fit').click();
		},
		async nodeNames() {
			const nodes = await page.getByTestId('canvas-node').all();
			const names = await Promise.all(nodes.map((node) => node.getAttribute('data-node-name')));
			return names.filter((name) => name !== null);
		},
	};
}

/** The fields of the node whose panel is open. */
const panelOf = (page: Page): Locator => page.getByTestId('node-parameters');
