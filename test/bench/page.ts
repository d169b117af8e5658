import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../editor/browser.ts';
import type { Bench, Result } from './bench.ts';
import { projectDir } from './child-script.ts';
import { startDocDrop, type DocDrop } from './docdrop-process.ts';
import { median, percentile, printTable, round } from './table.ts';
import { waitUntil } from './wait-until.ts';

/**
 * What the page costs its user: the bytes of the packed files, the time until it shows figures and takes clicks, on
 * loopback and without a cache, and its memory after a walk through 100,000 documents. How smooth that walk is: the
 * time of each turn of a page, and the longest task that held the tab up.
 */
const documents = Number(process.env['BENCH_DOCUMENTS'] || 100_000);
const loads = 9;
const pagesTurned = 40;
const mostKb = 150;

export async function run(bench: Bench): Promise<Result> {
	execFileSync(process.execPath, ['tools/build.ts'], { cwd: projectDir, stdio: 'inherit' });
	const dir = join(projectDir, 'dist/api/page');
	const weightKb = readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0) / 1_000;
	const server = await startDocDrop(
		bench,
		['serve'],
		await bench.temp(),
		{ DOCDROP_WINDOW_MS: '0' },
		'dist/api/cli.mjs',
	);
	await fill(server, bench);
	const browser = await launchBrowser();
	bench.onEnd(() => browser.close());
	const interactive = [];
	for (let nth = 0; nth < loads; nth += 1) interactive.push(await timeOfLoad(browser, server.url));
	const walk = await walkThrough(browser, server.url);
	const figures = {
		documents,
		weightKb: round(weightKb, 1),
		interactiveMs: round(median(interactive)),
		interactiveMaxMs: round(Math.max(...interactive)),
		...walk,
	};
	printTable(Object.entries(figures));
	return { figures, faults: weightKb > mostKb ? [`the page weighs more than ${mostKb} kB`] : [] };
}

async function fill(server: DocDrop, { signal }: Bench): Promise<void> {
	const atOnce = 500;
	for (let from = 0; from < documents; from += atOnce) {
		const batch = Array.from({ length: Math.min(atOnce, documents - from) }, (_, nth) => ({
			...{ tenant: 'default', docId: `folder ${(from + nth) % 100}/document ${from + nth}.txt` },
			content: { text: `Document ${from + nth} tells of otters.` },
		}));
		// The queue has its bound: wait for room.
		await waitUntil(
			async () => {
				const { status } = await server.post('/v1/ingest/batch', { documents: batch, coalesced: true });
				return status === 202 ? true : null;
			},
			500,
			signal,
		);
	}
	await waitUntil(async () => ((await server.status()).pending === 0 ? true : null), 500, signal);
}

/** As the page itself marks it: figures are shown, and everything is wired. */
async function timeOfLoad(browser: Browser, url: string): Promise<number> {
	const context = await browser.newContext();
	const tab = await context.newPage();
	await tab.goto(url);
	await tab.locator('.connection.ok').waitFor();
	const [time = Number.NaN] = await tab.evaluate<number[]>(
		"performance.getEntriesByName('interactive').map(({ startTime }) => startTime)",
	);
	await context.close();
	return time;
}

async function walkThrough(browser: Browser, url: string) {
	const tab = await browser.newPage();
	await tab.addInitScript(`{
		globalThis.longest = 0;
		new PerformanceObserver((list) => {
			for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
		}).observe({ type: 'longtask' });
	}`);
	await tab.goto(`${url}/#/documents`);
	await tab.getByText('Page 1, 50 documents').waitFor();
	const turns = [];
	for (let page = 2; page <= pagesTurned; page += 1) {
		const begun = performance.now();
		await tab.getByRole('button', { name: 'Next' }).click();
		await tab.getByText(`Page ${page}, 50 documents`).waitFor();
		turns.push(performance.now() - begun);
	}
	const rows = await tab.locator('tbody tr').count();
	await tab.goto(`${url}/#/search?q=otters`);
	await tab.locator('.hit').first().waitFor();
	await tab.goto(`${url}/#/overview`);
	await tab.locator('[data-stage="index"]').waitFor();
	return {
		rows,
		turnP95Ms: round(percentile(turns, 0.95)),
		longestTaskMs: round(await tab.evaluate<number>('longest')),
		memoryMb: round((await heapOf(tab)) / 1_000_000, 1),
	};
}

async function heapOf(tab: Page): Promise<number> {
	const session = await tab.context().newCDPSession(tab);
	await session.send('HeapProfiler.collectGarbage');
	const { usedSize } = await session.send('Runtime.getHeapUsage');
	return usedSize;
}
