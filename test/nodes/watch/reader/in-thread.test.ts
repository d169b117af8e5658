import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../../nodes/watch/clock.ts';
import { nodeDisk, type Disk } from '../../../../nodes/watch/disk.ts';
import { createThreadReader } from '../../../../nodes/watch/reader/reader-in-thread.ts';
import { describeReader } from '../../../conformance/reader.ts';
import { until } from '../harness.ts';
import { tempDirs } from '../temp-dirs.ts';

const file = new URL('../../../../nodes/watch/reader/read-thread.ts', import.meta.url);
describeReader('in a thread', createThreadReader(file));

/** By their numbers: threads of other tests may end at any time. */
const threads = () => new Set(readdirSync('/proc/self/task'));
const since = (before: ReadonlySet<string>) => [...threads()].filter((one) => !before.has(one));

describe('the reader in a thread', () => {
	const temp = tempDirs();
	async function create(threadFile: URL) {
		const log: string[] = [];
		const asked: string[] = [];
		const disk: Disk = {
			...nodeDisk,
			find: (root, relPath) => (asked.push('find'), nodeDisk.find(root, relPath)),
			open: (path, found) => (asked.push('open'), nodeDisk.open(path, found)),
		};
		const reader = await createThreadReader(threadFile)({
			disk,
			followLinks: false,
			clock: systemClock,
			log: (_level, event, { lost }) => void log.push(`${event} ${String(lost)}`),
		});
		return { reader, log, asked };
	}

	it('leaves small files to the thread, and streams large ones in the main thread', async () => {
		const dir = await temp.make();
		const { reader, asked } = await create(file);
		await writeFile(join(dir, 'small'), 'x'.repeat(1024 * 1024));
		await writeFile(join(dir, 'large'), 'x'.repeat(1024 * 1024 + 1));
		for (const name of ['small', 'large']) {
			const { stat } = await reader.look(dir, name, null);
			const { fingerprint } = await reader.look(dir, name, stat);
			assert.equal(fingerprint?.kind, name === 'small' ? 'content' : undefined);
			await reader.fingerprint(join(dir, name), stat, false);
		}
		assert.deepEqual(asked, ['open']);
		await reader.close();
	});

	it('asks the disk from the main thread when the thread is lost, in the end without trying one', async () => {
		const dir = await temp.make();
		await writeFile(join(dir, 'a'), 'one');
		const before = await nodeDisk.find(dir, 'a');
		const { reader, log, asked } = await create(new URL('./dying-thread.ts', import.meta.url));
		for (let lost = 1; lost <= 4; lost += 1) {
			const both = [reader.look(dir, 'a', null), reader.fingerprint(join(dir, 'a'), before, false)] as const;
			const missing = assert.rejects(reader.look(dir, 'none', null), { code: 'ENOENT' });
			assert.deepEqual((await both[0]).stat, before);
			assert.equal((await both[1]).kind, 'content');
			await missing;
			assert.deepEqual(asked.splice(0).toSorted(), ['find', 'find', 'open']);
			assert.deepEqual(
				log,
				['read.thread_lost 1', 'read.thread_lost 2', 'read.thread_lost 3'].slice(0, lost),
			);
		}
		await reader.close();
	});

	it('ends its thread when it is closed', async () => {
		const dir = await temp.make();
		await writeFile(join(dir, 'a'), 'one');
		const { reader, log } = await create(file);
		const before = threads();
		await reader.look(dir, 'a', null);
		const made = since(before);
		assert.ok(made.length > 0);
		await reader.close();
		await until(() => !made.some((one) => threads().has(one)));
		assert.deepEqual(log, []);
	});
});
