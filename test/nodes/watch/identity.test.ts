import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createIdentity } from '../../../nodes/watch/identity.ts';

const roots = ['docs', 'more', 'third'].map((label) => ({ label, dir: `/${label}` }));

describe('identity', () => {
	it('is the path under the first root, and label/path under the others', () => {
		const identity = createIdentity(roots, 'docs');
		assert.equal(identity.docId('docs', 'a/b'), 'a/b');
		assert.equal(identity.docId('more', 'a/b'), 'more/a/b');
		assert.deepEqual(identity.locate('more/a/b'), { label: 'more', relPath: 'a/b' });
		assert.deepEqual(identity.locate('docs/a'), { label: 'docs', relPath: 'docs/a' });
	});

	it('renames nothing when the first root is no longer the first, or gone', () => {
		assert.equal(createIdentity([...roots].reverse(), 'docs').docId('docs', 'a'), 'a');
		const without = createIdentity(roots.slice(1), 'docs');
		assert.equal(without.docId('more', 'a'), 'more/a');
		assert.equal(without.locate('a'), null);
	});

	it('gives no two files one id, and finds each file by its id', () => {
		const segment = fc.constantFrom('a', 'docs', 'more', 'third', 'b');
		const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((it) => it.join('/'));
		const label = fc.constantFrom('docs', 'more', 'third');
		const identity = createIdentity(roots, 'docs');
		fc.assert(
			fc.property(label, path, (root, relPath) => {
				if (identity.fault(root, relPath) !== null) return;
				assert.deepEqual(identity.locate(identity.docId(root, relPath)), { label: root, relPath });
			}),
		);
	});

	it('finds fault with ids that the consumer could not take', () => {
		const { fault } = createIdentity(roots, 'docs');
		assert.equal(fault('docs', 'ü'.repeat(512)), null);
		assert.match(fault('docs', 'ü'.repeat(513)) ?? '', /1024 bytes/);
		assert.match(fault('more', 'a'.repeat(1020)) ?? '', /1024 bytes/);
		for (const bad of ['a\nb', 'a\u0000', '\u007f', '\u0085'])
			assert.match(fault('docs', bad) ?? '', /control/);
		assert.match(fault('docs', 'more/a') ?? '', /called like another root/);
		assert.equal(fault('docs', 'docs/a'), null);
		assert.equal(fault('docs', 'more'), null);
	});

	it('refuses labels that could not stand in an id', () => {
		for (const label of ['', 'a/b', 'a\n', 'x'.repeat(129)]) {
			assert.throws(() => createIdentity([{ label, dir: '/x' }], label), TypeError);
		}
		assert.throws(() => createIdentity([...roots, { label: 'docs', dir: '/y' }], 'docs'), /differ/);
	});
});
