import assert from 'node:assert/strict';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileChange, FileOutcome } from '../../../nodes/watch/file-change.ts';
import { createConsumer, createHandHints, engines, sha256, treeOf } from './harness.ts';
import { tempDirs } from './temp-dirs.ts';

/** What a consumer holds that reads the files by itself, and says what it read. */
function createReadingConsumer() {
	const consumer = createConsumer();
	const held: Record<string, string> = {};
	/** Called around the reading of each batch. */
	const around = { before: async () => {}, after: async () => {} };
	const take = async (change: FileChange): Promise<FileOutcome> => {
		if (change.event === 'deleted') {
			delete held[change.docId];
			return { kind: 'delivered' };
		}
		const bytes = await readFile(change.path);
		held[change.docId] = sha256(bytes);
		return { kind: 'delivered', taken: { sha256: sha256(bytes), size: bytes.length } };
	};
	consumer.answer = async (batch) => {
		await around.before();
		const outcomes = await Promise.all(batch.map(take));
		await around.after();
		return outcomes;
	};
	return { consumer, held, around };
}

describe('what was taken', () => {
	const temp = tempDirs();
	const { start } = engines();

	async function reading() {
		const dir = await temp.make();
		const path = join(dir, 'a');
		await writeFile(path, 'content A');
		const { consumer, held, around } = createReadingConsumer();
		const hints = createHandHints();
		const write = (text: string) => async () => {
			around.before = around.after = async () => {};
			await writeFile(path, text);
		};
		return { dir, consumer, held, around, hints, write };
	}

	it('is what counts as delivered: a file that was another one for a moment is told again', async () => {
		const { dir, consumer, held, around, write } = await reading();
		const goBack = write('content A');
		around.before = async () => {
			await writeFile(join(dir, 'a'), 'content B');
			around.after = goBack;
		};
		const engine = await start(dir, consumer, { outcomesAreFinal: true });
		await engine.idle();
		assert.deepEqual(held, await treeOf(dir));
		assert.deepEqual(consumer.news(), ['changed a', 'created a']);
		const [root] = engine.status().roots;
		assert.equal(root?.digest, root?.deliveredDigest);
	});

	it('is acknowledged where the file stays what it has become: what was told is not sent after it', async () => {
		const { dir, consumer, held, around, write } = await reading();
		around.before = write('content B');
		const engine = await start(dir, consumer, { outcomesAreFinal: true });
		await engine.idle();
		assert.deepEqual(held, await treeOf(dir));
		assert.deepEqual(consumer.news(), ['created a'], 'the consumer has it already');
		assert.equal(engine.explain('a').row?.delivered?.sha256, sha256('content B'));
	});

	it('is looked at again without a hint and without a scan', async () => {
		const { dir, consumer, held, around, write, hints } = await reading();
		const engine = await start(dir, consumer, { outcomesAreFinal: true, hints: hints.factory });
		await engine.idle();
		around.before = write('content C');
		await writeFile(join(dir, 'a'), 'content B');
		hints.file('a');
		const isDone = () => engine.explain('a').row?.seen?.sha256 === sha256('content C');
		while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 2));
		assert.equal(held['a'], sha256('content C'));
	});

	it('leaves a moved file’s old name all the same', async () => {
		const { dir, consumer, held, around } = await reading();
		// Not even a busy machine takes longer to join the two names.
		const settings = { deletionDelayMs: 600_000 };
		const engine = await start(dir, consumer, { outcomesAreFinal: true, settings });
		await engine.idle();
		consumer.news();
		around.before = async () => {
			around.before = async () => {};
			await writeFile(join(dir, 'b'), 'content B');
		};
		await rename(join(dir, 'a'), join(dir, 'b'));
		await engine.idle();
		delete held['a'];
		assert.deepEqual(consumer.news(), ['moved b']);
		assert.deepEqual(held, await treeOf(dir));
		assert.equal(engine.explain('a').row, null);
	});
});
