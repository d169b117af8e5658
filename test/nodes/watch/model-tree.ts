/** What may be done to a folder, as data, and the doing of it. For the model of the watch engine. */
import { appendFile, copyFile, mkdir, rename, rm, unlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';

/** Few names and contents, so that operations meet and contents come back; a name is a file now and a directory later. */
const name = fc.constantFrom('a', 'b', 'c');
const path = fc.oneof(
	{ weight: 4, arbitrary: name },
	{ weight: 2, arbitrary: fc.array(name, { minLength: 2, maxLength: 3 }).map((parts) => parts.join('/')) },
);
const text = fc.constantFrom('one', 'two', 'one', 'two', '', 'x'.repeat(5000));

export const operation = fc.oneof(
	{ weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), path, text }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constantFrom('append' as const, 'touch' as const), path }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), path }) },
	{
		weight: 5,
		arbitrary: fc.record({
			do: fc.constantFrom('rename' as const, 'rename' as const, 'swap' as const, 'copy' as const),
			path,
			to: path,
		}),
	},
	{ weight: 1, arbitrary: fc.record({ do: fc.constantFrom('mkdir' as const, 'rm -rf' as const), path }) },
);
export type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

export const pathsOf = (it: Operation): readonly string[] => ('to' in it ? [it.path, it.to] : [it.path]);

/** Does what can be done; an operation that makes no sense on this tree is left out. Files and folders are renamed alike. */
export async function operate(dir: string, it: Operation): Promise<void> {
	const at = join(dir, it.path);
	try {
		switch (it.do) {
			case 'write':
				await mkdir(dirname(at), { recursive: true });
				return await writeFile(at, it.text);
			case 'append':
				return await appendFile(at, '+', { flag: 'r+' });
			case 'touch':
				return await utimes(at, 1, 1);
			case 'delete':
				return await unlink(at);
			case 'rename':
				return await rename(at, join(dir, it.to));
			case 'swap':
				return await swap(at, join(dir, it.to), `${dir}.swap`);
			case 'copy':
				return await copyFile(at, join(dir, it.to));
			case 'mkdir':
				return void (await mkdir(at, { recursive: true }));
			case 'rm -rf':
				return await rm(at, { recursive: true });
		}
	} catch {
		// The tree does not allow it.
	}
}

async function swap(one: string, two: string, between: string): Promise<void> {
	await rename(one, between);
	try {
		await rename(two, one);
	} catch (error) {
		await rename(between, one);
		throw error;
	}
	await rename(between, two);
}
