import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

/**
 * The Chromium of this machine, without a window. The library that drives it brings none: a browser is a
 * package of the system, and the tests look at what n8n shows, which no version of Chromium changes.
 */
export const launchBrowser = (): Promise<Browser> =>
	chromium.launch({
		executablePath: findBrowser(),
		// n8n is on this machine, and nothing here may call the world.
		args: [
			...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--no-proxy-server'],
			...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
		],
	});

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

function findBrowser(): string {
	const named = process.env['CHROMIUM_PATH'];
	if (named !== undefined && existsSync(named)) return named;
	if (named !== undefined) throw new Error(`CHROMIUM_PATH names ${named}, and there is no such file`);
	const folders = (process.env['PATH'] ?? '').split(delimiter);
	const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
	if (found !== undefined) return found;
	throw new Error(
		`there is no Chromium: none of ${names.join(', ')} is in PATH. Debian and Ubuntu: apt-get install chromium; elsewhere: install Chromium or Chrome, and set CHROMIUM_PATH to its program`,
	);
}
