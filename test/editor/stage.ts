import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { selectors, type Browser, type BrowserContext, type Locator, type Page } from 'playwright-core';
import { createRig, type Rig } from '../n8n/rig.ts';
import { launchBrowser } from './browser.ts';
import { createComplaints, type Complaints } from './complaints.ts';
import { createEditor, type Editor } from './editor.ts';

/**
 * One n8n, one API and one browser for all files of this folder: the hooks below belong to the whole run. Each
 * test has a tab of its own, and fails where the editor complained.
 */
interface Stage {
	readonly rig: Rig;
	readonly browser: Browser;
	readonly context: BrowserContext;
	readonly complaints: Complaints;
}

/** What the API asks for. */
export const apiKey = 'key-of-the-editor-tests';
/** Where pictures go; without it none are taken. */
const shots = process.env['EDITOR_SHOTS'];
let stage: Stage | null = null;
let tab: Page | null = null;

const staged = (): Stage => {
	assert.ok(stage !== null, 'the hooks of stage.ts have run');
	return stage;
};

export const rig = (): Rig => staged().rig;

/** The tab of this test. */
export async function openEditor(): Promise<Editor> {
	const { context, complaints } = staged();
	tab = await context.newPage();
	tab.setDefaultTimeout(30_000);
	complaints.listenTo(tab);
	return createEditor(tab, rig().n8n.url);
}

/** A picture for a person to look at, where they are wanted; of the tab, or of a part of it. */
export async function shoot(name: string, part?: Locator): Promise<void> {
	if (shots === undefined || tab === null) return;
	mkdirSync(shots, { recursive: true });
	await tab.mouse.move(0, 0);
	await tab.evaluate(inPlaceOf(rig().inbox, '/data/inbox'));
	// What comes and goes by itself would make each run's pictures others.
	const style = '.el-notification, .el-popper, [data-reka-popper-content-wrapper] { visibility: hidden }';
	await (part ?? tab).screenshot({ path: join(shots, `${name}.png`), animations: 'disabled', style });
}

/** A script: the folder of a run is of no interest in a picture. */
const inPlaceOf = (folder: string, shown: string) => `{
	const shown = (text) => text.replaceAll('${folder}', '${shown}');
	for (const field of document.querySelectorAll('input')) field.value = shown(field.value);
	const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (texts.nextNode()) texts.currentNode.data = shown(texts.currentNode.data);
}`;

before(async function () {
	// The first start of n8n on a machine installs it.
	this.timeout(1_200_000);
	selectors.setTestIdAttribute('data-test-id');
	// Before anything that takes long: without a browser there is nothing to do.
	const browser = await launchBrowser();
	const rig = await createRig({}, apiKey);
	const { n8n } = rig;
	const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
	const [name = '', value = ''] = n8n.cookie().split('=');
	await context.addCookies([{ name, value, url: n8n.url }]);
	// A session of n8n belongs to the browser that it was opened in.
	await context.addInitScript("localStorage.setItem('n8n-browserId', 'docdrop')");
	// The editor asks npm for what it knows of the package, and nothing here may call the world.
	await context.route(
		(address) => address.origin !== n8n.url,
		(route) => route.abort(),
	);
	stage = { rig, browser, context, complaints: createComplaints(n8n.url) };
});

afterEach(async function () {
	if (this.currentTest?.state === 'failed') await shoot(`failed ${this.currentTest.title}`);
	await tab?.close();
	tab = null;
	assert.deepEqual(staged().complaints.take(), [], 'the editor complained');
});

after(async () => {
	await stage?.browser.close();
	await stage?.rig.close();
});
