import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { readConfig } from '../../api/config/index.ts';
import { startServer, type RunningServer } from '../../api/server.ts';
import { launchBrowser } from '../editor/browser.ts';
import { type EmbedderDouble, startEmbedderDouble } from '../faults/embedder-double.ts';

/**
 * The API over a folder of its own, an embedder that can refuse, and a real browser. Every tab is listened to: a script that
 * ran, a rule of the page's policy that was broken and an exception are failures of whichever test they came up in.
 */
export interface PageStage {
	readonly url: string;
	readonly inbox: string;
	readonly embedder: EmbedderDouble;
	/** A tab with the key, on a view. */
	open(view: string, options?: BrowserContextOptions): Promise<Page>;
	call<T>(path: string, body?: object): Promise<T>;
	/** What tabs complained of since the last call. */
	complaints(): readonly string[];
	/** Of this test. */
	closeTabs(): Promise<void>;
	close(): Promise<void>;
}

export const key = 'key-of-the-page-tests';
/** A wait for what must come ends after this, on however busy a machine. */
const longest = 120_000;
/** Where pictures go; without it none are taken. */
const shots = process.env['PAGE_SHOTS'];

export async function startPageStage(settings: Readonly<Record<string, string>> = {}): Promise<PageStage> {
	const root = mkdtempSync(join(tmpdir(), 'docdrop-page-'));
	const inbox = join(root, 'inbox');
	mkdirSync(inbox);
	const embedder = await startEmbedderDouble();
	const config = readConfig({
		...{
			DOCDROP_DATA_DIR: join(root, 'data'),
			DOCDROP_PORT: '0',
			DOCDROP_API_KEYS: `${key},solo=key-of-solo`,
		},
		...{ DOCDROP_WINDOW_MS: '0', DOCDROP_WORKERS: '1', DOCDROP_DELETE_GRACE_MS: '100' },
		...{
			DOCDROP_EMBEDDER: 'openai',
			DOCDROP_EMBEDDER_URL: `http://127.0.0.1:${embedder.port}/v1`,
			DOCDROP_EMBEDDER_MODEL: 'double',
			DOCDROP_EMBEDDER_DIMENSIONS: String(embedder.dimensions),
		},
		...settings,
	});
	const server: RunningServer = await startServer(config, {
		follow: inbox,
		logger: pino({ level: 'silent' }),
	});
	const browser: Browser = await launchBrowser();
	const contexts: BrowserContext[] = [];
	let heard: string[] = [];

	async function open(view: string, options: BrowserContextOptions = {}): Promise<Page> {
		const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
		contexts.push(context);
		await context.addInitScript(`sessionStorage.setItem('docdrop-key', '${key}')`);
		const tab = await context.newPage();
		tab.setDefaultTimeout(longest);
		tab.on('pageerror', (error) => heard.push(String(error)));
		tab.on('dialog', (dialog) => {
			heard.push(`a script ran: ${dialog.message()}`);
			void dialog.dismiss();
		});
		tab.on('console', (message) => {
			// Chromium logs every answer of 400 and more; which of them a test wants is its own part.
			if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
				heard.push(message.text());
		});
		await tab.goto(`${server.url}/#/${view}`);
		return tab;
	}

	return {
		...{ url: server.url, inbox, embedder, open },
		async call<T>(path: string, body?: object): Promise<T> {
			const answer = await fetch(server.url + path, {
				method: body === undefined ? 'GET' : 'POST',
				headers: { 'x-api-key': key, ...(body !== undefined && { 'content-type': 'application/json' }) },
				...(body !== undefined && { body: JSON.stringify(body) }),
			});
			assert.ok(answer.ok, `${path}: ${answer.status}`);
			return (await answer.json()) as T;
		},
		complaints() {
			const taken = heard;
			heard = [];
			return taken;
		},
		async closeTabs() {
			for (const context of contexts.splice(0)) await context.close();
		},
		async close() {
			await browser.close();
			await server.stop();
			await embedder.close();
			rmSync(root, { recursive: true, force: true });
		},
	};
}

/** A picture for a person to look at, where they are wanted. */
export async function shoot(tab: Page, name: string): Promise<void> {
	if (shots === undefined) return;
	mkdirSync(shots, { recursive: true });
	await tab.screenshot({ path: join(shots, `${name}.png`), fullPage: true, animations: 'disabled' });
}

/** Presses Tab until what has the focus is called so, and fails where it never is. */
export async function tabTo(tab: Page, name: string | RegExp): Promise<void> {
	const seen: string[] = [];
	for (let nth = 0; nth < 120; nth += 1) {
		await tab.keyboard.press('Tab');
		const now = await tab.evaluate<{ readonly name: string; readonly isSeen: boolean }>(focusedName);
		seen.push(now.name);
		if (typeof name === 'string' ? now.name !== name : !name.test(now.name)) continue;
		assert.ok(now.isSeen, `the focus on ${now.name} is seen`);
		return;
	}
	assert.fail(`no Tab leads to ${String(name)}: ${seen.join(', ')}`);
}

/** A script of the tab: how what has the focus is called, and whether a person sees that it has it. */
const focusedName = `(() => {
	const focused = document.activeElement;
	const label = focused.labels?.[0]?.querySelector('span')?.textContent ?? focused.labels?.[0]?.textContent;
	const outlined = focused.type === 'file' ? focused.parentElement.querySelector('.button') : focused;
	return {
		name: (focused.getAttribute('aria-label') ?? label ?? focused.textContent).trim(),
		isSeen: getComputedStyle(outlined).outlineStyle !== 'none',
	};
})()`;
