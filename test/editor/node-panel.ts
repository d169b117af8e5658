import type { Locator, Page } from 'playwright-core';
import { until } from '../support/settled.ts';

/** The panel from which a person takes nodes: first a list, then what one node of it offers. */
export interface NodePanel {
	/** For the first node of the canvas, or for what comes after its last. */
	open(): Promise<void>;
	/** The node of this name in what the panel lists under the words. */
	find(words: string, name: string): Promise<Locator>;
	/** Opens a node of the list, and says what it offers. */
	offersOf(entry: Locator): Promise<Offers>;
	/** Adds what the opened node offers under this name to the canvas. */
	take(kind: keyof Offers, name: string): Promise<void>;
}

export interface Offers {
	readonly triggers: readonly string[];
	readonly actions: readonly string[];
}

const headings = { triggers: 'Triggers', actions: 'Actions' };

export function createNodePanel(page: Page): NodePanel {
	const panel = page.getByTestId('node-creator');
	const category = (kind: keyof Offers) =>
		panel.getByTestId('node-creator-category-item').filter({ hasText: `${headings[kind]} (` });
	/** The rows below a heading, once it is unfolded. */
	const rows = (kind: keyof Offers) => category(kind).locator('..').getByTestId('node-creator-item-name');

	async function unfold(kind: keyof Offers): Promise<void> {
		if ((await rows(kind).count()) === 0) await category(kind).click();
		await rows(kind).first().waitFor();
	}

	async function offered(kind: keyof Offers): Promise<readonly string[]> {
		if ((await category(kind).count()) === 0) return [];
		await unfold(kind);
		// The rows come one after the other; the heading says how many there are.
		const many = Number(/\((\d+)\)/.exec(await category(kind).innerText())?.[1]);
		await until(
			() => rows(kind).count(),
			(count) => count === many,
		);
		return rows(kind).allInnerTexts();
	}

	return {
		async open() {
			const first = page.getByTestId('canvas-plus-button');
			if (await first.isVisible()) await first.click();
			else await page.getByTestId('canvas-handle-plus').last().click();
			await panel.getByTestId('node-creator-search-bar').waitFor();
		},
		async find(words, name) {
			await panel.getByTestId('node-creator-search-bar').fill(words);
			const entry = panel.getByTestId('node-creator-item-name').getByText(name, { exact: true });
			await entry.waitFor();
			return entry;
		},
		async offersOf(entry) {
			await entry.click();
			// The list slides out while the offers slide in.
			await panel.getByText('Node details').waitFor();
			await panel.getByTestId('node-creator-search-bar').waitFor({ state: 'detached' });
			return { triggers: await offered('triggers'), actions: await offered('actions') };
		},
		async take(kind, name) {
			await unfold(kind);
			await rows(kind).getByText(name, { exact: true }).click();
			await page.getByTestId('node-parameters').waitFor();
		},
	};
}
