import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

/** The page as it is packed: its modules in one file, its styles, what they hang on and the icon. */
export async function buildPage(outdir: string): Promise<void> {
	mkdirSync(outdir, { recursive: true });
	await build({
		entryPoints: ['api/page/main.ts', 'api/page/page.css'],
		outdir,
		bundle: true,
		minify: true,
		platform: 'browser',
		target: ['es2024', 'chrome125', 'firefox128', 'safari17.4'],
		format: 'esm',
		logLevel: 'warning',
	});
	for (const file of ['index.html', 'icon.svg']) cpSync(join('api/page', file), join(outdir, file));
}
