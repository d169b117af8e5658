import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import { settled } from '../support/settled.ts';
import { key, type PageStage, shoot, startPageStage } from './page-stage.ts';

/** How the page looks to everybody: small and wide, light and dark, to those who hear it, and when nobody answers. */
/** Each view, and what is there when it is drawn. */
const views: Readonly<Record<string, string>> = {
	overview: '.folders h3',
	'search?q=otters': '.hit',
	documents: 'tbody tr',
	'documents?open=good.md': '.chunk',
	add: '.drop',
	tenants: '.tenants li',
};

interface Finding {
	readonly id: string;
	readonly impact: string;
	readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

describe('the look of the page', () => {
	let stage: PageStage;
	before(async () => {
		stage = await startPageStage();
		writeFileSync(join(stage.inbox, 'good.md'), '# Otters\n\nOtters hold hands.');
		writeFileSync(join(stage.inbox, `${'long'.repeat(50)}.md`), `${'word'.repeat(400)}`);
		writeFileSync(join(stage.inbox, 'broken.pdf'), 'no PDF');
		await settled(stage.url, { 'x-api-key': key });
	});
	afterEach(async () => {
		await stage.closeTabs();
		assert.deepEqual(stage.complaints(), [], 'a tab complained');
	});
	after(() => stage.close());

	for (const width of [360, 768, 1440])
		for (const colorScheme of ['light', 'dark'] as const)
			it(`is whole and within reach of everybody at ${width} px in ${colorScheme}`, async () => {
				for (const [view, drawn] of Object.entries(views)) {
					const tab = await stage.open(view, {
						viewport: { width, height: 800 },
						colorScheme,
						bypassCSP: true,
					});
					await tab.waitForSelector('.connection.ok');
					await tab.waitForSelector(drawn);
					await shoot(tab, `${view.replaceAll(/\W+/g, '-')}-${width}-${colorScheme}`);
					const wide = await tab.evaluate('document.documentElement.scrollWidth');
					assert.equal(wide, width, `${view} is not wider than the window`);
					await tab.evaluate(axe.source);
					const { violations } = await tab.evaluate<{ violations: Finding[] }>('axe.run()');
					const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
					assert.deepEqual(
						serious.map(({ id, nodes }) => [
							id,
							nodes.map(({ html, failureSummary }) => [html, failureSummary]),
						]),
						[],
						view,
					);
					await stage.closeTabs();
				}
			});
});
