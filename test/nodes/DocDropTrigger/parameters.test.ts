import assert from 'node:assert/strict';
import type { INodeProperties } from 'n8n-workflow';
import { DocDropTrigger } from '../../../nodes/DocDropTrigger/DocDropTrigger.node.ts';
import { readSettings } from '../../../nodes/DocDropTrigger/trigger-parameters.ts';
import { createFilter } from '../../../nodes/watch/filter.ts';
import { DEFAULT_EXCLUDES, DEFAULT_SETTINGS } from '../../../nodes/watch/settings.ts';
import { inGroups } from '../../support/trigger-options.ts';

const read = (parameters: Record<string, unknown> = {}, options: Record<string, unknown> = {}) =>
	readSettings(
		(name) =>
			({ folder: '/data/inbox', tenant: 'default', ...parameters, ...inGroups(options) })[name as 'folder'] ??
			null,
	);
const problem = (message: RegExp, hint: RegExp) => (error: unknown) => {
	const { message: told, hint: remedy } = error as { message: string; hint: string };
	assert.match(told, message);
	assert.match(remedy, hint);
	return true;
};

describe('parameters of the trigger', () => {
	it('mean the defaults of the watch engine where nothing is set', () => {
		const { watch, ...rest } = read();
		const own = Object.keys(watch) as (keyof typeof watch)[];
		assert.deepEqual(watch, Object.fromEntries(own.map((name) => [name, DEFAULT_SETTINGS[name]])));
		assert.deepEqual(rest, {
			folders: [{ path: '/data/inbox', label: 'inbox' }],
			naming: { tenant: { kind: 'fixed', tenant: 'default' }, template: null },
			events: new Set(['changed', 'created', 'deleted', 'moved']),
			onActivation: 'catchUp',
			takeOver: false,
			confirmHeld: false,
			state: 'auto',
		});
	});

	it('are few, and the others stand in groups: what people set before what experts do, each name once', () => {
		const all = new DocDropTrigger().description.properties;
		assert.deepEqual(
			all.filter(({ type }) => type === 'collection').map(({ displayName }) => displayName),
			['Files', 'Deletions', 'Batch', 'Advanced'],
		);
		assert.equal(all.at(-1)?.displayName, 'Advanced');
		const names = all.flatMap(({ options = [] }) => (options as INodeProperties[]).map(({ name }) => name));
		assert.equal(new Set(names).size, names.length);
	});

	it('reach the watch engine in its units', () => {
		const options = {
			...{ batchSize: 10, batchWindow: 7, brake: 50, deletionGrace: 2, maxFileSize: 3, settleTime: 9 },
			...{ rescanInterval: 11, watchMode: 'polling', pollInterval: 4, followLinks: true, maxInFlight: 2 },
		};
		const { batchFiles, windowMs, guardShare, deletionDelayMs, maxFileBytes, quietMs, ...rest } = read(
			{},
			options,
		).watch;
		assert.deepEqual([batchFiles, windowMs, guardShare, deletionDelayMs], [10, 7, 0.5, 2000]);
		assert.deepEqual([maxFileBytes, quietMs], [3 * 1024 * 1024, 9]);
		const { scanEveryMs, mode, pollEveryMs, followLinks, batchesInFlight } = rest;
		assert.deepEqual(
			[scanEveryMs, mode, pollEveryMs, followLinks, batchesInFlight],
			[11_000, 'poll', 4000, true, 2],
		);
		assert.equal(read({}, { watchMode: 'native' }).watch.mode, 'watch');
	});

	it('have an execution for each file hold one, and 50 of them in flight', () => {
		const { batchFiles, batchesInFlight } = read({}, { emit: 'file', batchSize: 200 }).watch;
		assert.deepEqual([batchFiles, batchesInFlight], [1, 50]);
		assert.equal(read({}, { emit: 'file', maxInFlight: 7 }).watch.batchesInFlight, 7);
	});

	it('take patterns between commas and line breaks, but not between those in braces', () => {
		const { include, exclude } = read(
			{},
			{ include: ' *.md, {a,b}/*.pdf,\n+(x|y).txt ,', exclude: '' },
		).watch;
		assert.deepEqual([include, exclude], [['*.md', '{a,b}/*.pdf', '+(x|y).txt'], []]);
		assert.deepEqual(read({}, { exclude: DEFAULT_EXCLUDES.join(', ') }).watch.exclude, DEFAULT_EXCLUDES);
	});

	it('take file types with and without a dot, in any case', () => {
		const filter = createFilter(read({}, { fileTypes: 'pdf, .MD, *.tar.gz' }).watch);
		for (const path of ['a.pdf', 'x/A.PDF', 'b.md', 'b.Md', 'c.tar.gz']) assert.ok(filter.wants(path), path);
		for (const path of ['pdf', 'a.pdf2', 'a.gz', '.hidden.pdf']) assert.ok(!filter.wants(path), path);
	});

	it('name folders by their last part, unless a label is given', () => {
		const folders = (path: string, more: unknown[] = [], folderLabel = '') =>
			read({ folder: path }, { folderLabel, moreFolders: { folder: more } }).folders.map(
				({ label }) => label,
			);
		assert.deepEqual(folders('/data/inbox/'), ['inbox']);
		assert.deepEqual(folders('/'), ['root']);
		assert.deepEqual(folders('/a/x', [{ path: '/b/x', label: 'y' }, { path: '/c/z' }], 'w'), ['w', 'y', 'z']);
		assert.throws(
			() => folders('/a/x', [{ path: '/b/x' }]),
			problem(/Two folders are called "x"/, /another label/),
		);
		assert.throws(
			() => folders('/a', [{ path: '/b', label: 'b/c' }]),
			problem(/"b\/c" cannot be/, /slashes/),
		);
		assert.throws(() => folders(' '), problem(/No folder is set/, /Set Folder/));
	});

	it('take a folder as the panel holds it, from its list or typed in, and as a path alone', () => {
		for (const mode of ['list', 'path']) {
			const folder = { __rl: true, mode, value: '/data/inbox' };
			assert.equal(read({ folder }).folders[0]?.path, '/data/inbox');
		}
		const none = { __rl: true, mode: 'path', value: '' };
		assert.throws(() => read({ folder: none }), problem(/No folder is set/, /Set Folder/));
	});

	it('refuse a pattern that can match no file, with its option and the reason in the message', () => {
		for (const pattern of ['[', '{a,b', '/data/inbox/*', 'drafts\\*.md', '../x']) {
			for (const option of ['include', 'exclude']) {
				const given = { [option]: `*.md, ${pattern}` };
				assert.throws(
					() => read({}, given),
					(error: Error) =>
						error.message.toLowerCase().startsWith(`${option} has a pattern that can match no file`) &&
						error.message.includes(JSON.stringify(pattern)),
				);
			}
		}
	});

	it('say what is wrong with a value, and what would be right', () => {
		assert.throws(() => read({}, { batchSize: 0 }), problem(/Batch Size/, /from 1 to 500; got 0/));
		assert.throws(() => read({}, { settleTime: 'soon' }), problem(/Settle Time/, /got "soon"/));
		assert.equal(read({}, { settleTime: '250' }).watch.quietMs, 250);
		assert.equal(read({}, { longestWait: 900 }).watch.longestWaitMs, 900);
		assert.equal(read({}, {}).watch.longestWaitMs, 5000);
		assert.throws(() => read({}, { brake: 1.5 }), problem(/Brake/, /whole number/));
		assert.throws(() => read({}, { state: 'disk' }), problem(/State/, /auto, staticData, sqlite/));
		assert.throws(() => read({ changes: [] }), problem(/No kind of change/, /at least one/));
		assert.throws(
			() => read({ tenantFrom: 'segment', tenantSegment: 0 }),
			problem(/Folder Number/, /1 to 100/),
		);
		assert.throws(() => read({}, { include: '*.md', fileTypes: 'md' }), problem(/both set/, /one of them/));
		assert.throws(() => read({}, { fileTypes: 'a/b' }), problem(/"a\/b" is no file type/, /endings/));
		assert.throws(
			() => read({}, { include: 'x'.repeat(70_000) }),
			problem(/Include has a pattern .* longer than/, /Patterns look like/),
		);
	});
});
