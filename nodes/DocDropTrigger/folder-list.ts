/**
 * What the field Folder offers "From List": the folders that n8n may read, and those below them. Bounded, because it
 * is asked for while a person looks at the panel, whatever lies there; whoever wants another one types its path.
 */
import { readdir, realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { INodeListSearchResult } from 'n8n-workflow';
import { readRules, refusalOf, type Machine, type Rules } from './read-rules.ts';

/** Folders that are offered, ... */
const MOST = 200;
/** ... of those that are looked into, ... */
const LOOKED_INTO = 1000;
/** ... at most this far below one that n8n's settings name. */
const DEPTH = 3;

export const searchFolders = (filter?: string): Promise<INodeListSearchResult> =>
	listFolders({ env: process.env, home: homedir() }, filter);

/** Those whose path holds `filter`, in any case. Nearer ones come first, those beside one another by name. */
export async function listFolders(machine: Machine, filter = ''): Promise<INodeListSearchResult> {
	const rules = readRules(machine);
	const wanted = filter.trim().toLowerCase();
	const found: string[] = [];
	let level = await tops(rules, machine.home);
	let budget = LOOKED_INTO;
	for (let depth = 0; level.length > 0 && found.length < MOST; depth += 1) {
		found.push(...level.filter((path) => path.toLowerCase().includes(wanted)));
		const open = depth < DEPTH ? level.slice(0, budget) : [];
		budget -= open.length;
		level = (await Promise.all(open.map((path) => below(path, rules)))).flat();
	}
	return { results: found.slice(0, MOST).map((path) => ({ name: path, value: path })) };
}

/** Where nothing is named, n8n may read everything, and a person's own folder is the place to begin. */
async function tops({ allowed, ...rules }: Rules, home: string): Promise<string[]> {
	const named = allowed.length > 0 ? allowed : [home];
	const real = await Promise.all(named.map((path) => realpath(path).catch(() => null)));
	const there = real.filter((path) => path !== null && refusalOf(path, { ...rules, allowed }) === null);
	return [...new Set(there as string[])].toSorted();
}

/** Without links, which lead elsewhere, and what is hidden, which is not watched. */
async function below(path: string, rules: Rules): Promise<string[]> {
	const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
	return entries
		.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
		.map(({ name }) => join(path, name))
		.filter((child) => refusalOf(child, rules) === null)
		.toSorted();
}
