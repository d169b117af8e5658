import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Config } from '../config/index.ts';
import { readNote } from '../data-folder.ts';
import { DocDropError } from '../errors.ts';
import { placeOf } from '../sources/folder-place.ts';
import { adopt, createFolderList, recognise, type FollowedFolder } from '../sources/followed-folders.ts';
import { isAlive } from './api-client.ts';

/** `docdrop adopt`: a folder that could not be recognised goes on as the one that it was. Returns what to tell. */
export async function adoptFolder(config: Config, dir: string, former: string | undefined): Promise<string> {
	const running = readNote(config);
	if (running !== null && (await isAlive(running, config.tlsCert))) {
		throw new DocDropError(
			'config_invalid',
			'a folder can be adopted while no docdrop runs on its data folder',
			{
				hint: 'Stop docdrop watch, run this command again, and start docdrop watch on the folder.',
			},
		);
	}
	if (!existsSync(dir)) {
		throw new DocDropError('config_invalid', `the folder to adopt must be there, got ${JSON.stringify(dir)}`);
	}
	const list = createFolderList(config.dataDir);
	const known = list.read();
	const place = placeOf(config.tenant, dir);
	const own = recognise(known, place);
	const others = known.filter((one) => one.tenant === config.tenant && one !== own);
	const kept = former === undefined ? theOneThatIsGone(others) : named(others, former);
	if (own !== null && kept !== null) list.removeState(own);
	list.write(adopt(known, place, kept));
	const what = kept === null ? '' : ` goes on as ${kept.dir}, and`;
	return `${dir}${what} takes over the documents of its files when it is followed next: docdrop watch ${dir}`;
}

/** Nobody has to name the folder where only one is not there any more. */
function theOneThatIsGone(others: readonly FollowedFolder[]): FollowedFolder | null {
	const gone = others.filter(({ dir }) => !existsSync(dir));
	if (gone.length <= 1) return gone[0] ?? null;
	throw new DocDropError(
		'config_invalid',
		`the folder that it was must be named, one of ${gone.map(({ dir }) => JSON.stringify(dir)).join(', ')}`,
		{ hint: 'docdrop adopt DIR FORMER' },
	);
}

function named(others: readonly FollowedFolder[], path: string): FollowedFolder {
	const dir = resolve(path);
	const found = others.find((one) => one.dir === dir || one.realDir === dir);
	if (found !== undefined) return found;
	const dirs = others.map((one) => JSON.stringify(one.dir)).join(', ') || 'none';
	throw new DocDropError(
		'config_invalid',
		`FORMER must be a folder that was followed before (${dirs}), got ${JSON.stringify(path)}`,
	);
}
