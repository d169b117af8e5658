import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Bench } from './bench.ts';
import { projectDir } from './child-script.ts';

export interface LargeTree {
	readonly dir: string;
	/** What it is, for people. */
	readonly name: string;
}

const generatedFiles = 22_500;

/** A folder of 22,000 files and more, which is only read: the full corpus, or a generated tree where it cannot be had. */
export async function largeTree(bench: Bench): Promise<LargeTree> {
	const named = process.env['BENCH_CORPUS'];
	if (named !== undefined && named !== '') return { dir: resolve(named), name: 'BENCH_CORPUS' };
	const script = resolve(projectDir, '../shared/corpus/corpus.sh');
	if (existsSync(script)) {
		const dir = join(tmpdir(), 'docdrop-corpus-full');
		try {
			await promisify(execFile)('bash', [script, dir, 'full'], { signal: bench.signal });
			return { dir, name: 'the full corpus' };
		} catch {
			bench.signal.throwIfAborted();
		}
	}
	const dir = await bench.temp();
	for (let at = 0; at < generatedFiles; at += 1) {
		const folder = join(dir, `part-${at % 25}`, `chapter-${at % 1500}`);
		if (at < 1500) mkdirSync(folder, { recursive: true });
		writeFileSync(join(folder, `document-${at}.txt`), `Document ${at}.\n`.repeat(20));
	}
	return { dir, name: 'a generated tree' };
}
