import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createNaming, type NamingSettings } from '../../../nodes/DocDropTrigger/naming.ts';

const fixed = { kind: 'fixed', tenant: 'acme' } as const;
const naming = (over: Partial<NamingSettings> = {}, several = false) =>
	createNaming({ tenant: fixed, template: null, ...over }, several);
const file = (relPath: string, root = 'docs') => ({ root, relPath, docId: `${root}/${relPath}` });

describe('naming', () => {
	it("gives the watch engine's own IDs to one tenant by default", () => {
		assert.deepEqual(naming().nameOf(file('a/b.txt')), { tenant: 'acme', docId: 'docs/a/b.txt' });
		assert.equal(naming().isInjective, true);
	});

	it('finds the tenant in the path, and says why there is none', () => {
		const first = naming({ tenant: { kind: 'segment', number: 1 } });
		const second = naming({ tenant: { kind: 'segment', number: 2 } });
		assert.deepEqual(first.nameOf(file('acme/x/b.txt')), { tenant: 'acme', docId: 'docs/acme/x/b.txt' });
		assert.deepEqual(second.nameOf(file('in/b.co/b.txt')), { tenant: 'b.co', docId: 'docs/in/b.co/b.txt' });
		const fault = (relPath: string) => (first.nameOf(file(relPath)) as { fault?: string }).fault;
		// The name of the file is no folder.
		assert.match(fault('b.txt') ?? '', /lies in no folder number 1/);
		for (const folder of ['two words', 'Größe', '-x', 'x'.repeat(129)])
			assert.match(fault(`${folder}/b.txt`) ?? '', /cannot be a tenant/);
		assert.throws(() => naming({ tenant: { kind: 'fixed', tenant: 'two words' } }), /cannot be a tenant/);
	});

	it('fills a template with every part of a path', () => {
		const template = '{tenant}|{root}|{relPath}|{dir}|{name}|{stem}|{ext}';
		const name = (relPath: string) => naming({ template }).nameOf(file(relPath));
		assert.deepEqual(name('a/b/c.tar.gz'), {
			tenant: 'acme',
			docId: 'acme|docs|a/b/c.tar.gz|a/b|c.tar.gz|c.tar|gz',
		});
		assert.deepEqual(name('.env'), { tenant: 'acme', docId: 'acme|docs|.env||.env|.env|' });
		assert.throws(() => naming({ template: '{file}' }), /no \{file\}/);
	});

	it('takes what stands in a path for text, whatever it looks like', () => {
		const { nameOf } = naming({ template: 'x-{relPath}' });
		assert.deepEqual(nameOf(file("{name}$&$1$'")), { tenant: 'acme', docId: "x-{name}$&$1$'" });
	});

	it('refuses IDs that the API would refuse', () => {
		const fault = (template: string, relPath: string) =>
			(naming({ template }).nameOf(file(relPath)) as { fault?: string }).fault;
		assert.match(fault('{ext}', 'a') ?? '', /empty/);
		assert.match(fault('{relPath}', 'a\u0007') ?? '', /control/);
		assert.match(fault('{relPath}', 'ü'.repeat(513)) ?? '', /1024 bytes/);
		assert.equal(fault('{relPath}', 'ü'.repeat(512)), undefined);
	});

	it('changes its fingerprint with everything that changes names', () => {
		const settings: NamingSettings[] = [
			{ tenant: fixed, template: null },
			{ tenant: { kind: 'fixed', tenant: 'other' }, template: null },
			{ tenant: { kind: 'segment', number: 1 }, template: null },
			{ tenant: { kind: 'segment', number: 2 }, template: null },
			{ tenant: fixed, template: '{relPath}' },
		];
		assert.equal(new Set(settings.map((it) => createNaming(it, false).fingerprint)).size, settings.length);
		assert.equal(naming().fingerprint, naming({}, true).fingerprint);
	});

	it('is called injective only where no two files get one name', () => {
		const part = fc.constantFrom('a', 'b', 'a.b', '.a', 'docs', 'acme');
		const path = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
		const placeholder = fc.constantFrom(
			'{relPath}',
			'{tenant}',
			'{root}',
			'{dir}',
			'{name}',
			'{stem}',
			'-',
			'/',
		);
		const template = fc.option(
			fc.array(placeholder, { minLength: 1, maxLength: 3 }).map((it) => it.join('')),
		);
		const tenant = fc.constantFrom(fixed, { kind: 'segment', number: 1 } as const);
		let injective = 0;
		fc.assert(
			fc.property(
				template,
				tenant,
				fc.boolean(),
				fc.uniqueArray(path, { minLength: 2 }),
				(text, by, several, all) => {
					const { isInjective, nameOf } = createNaming({ template: text, tenant: by }, several);
					if (!isInjective) return;
					injective += 1;
					const roots = several ? ['docs', 'a'] : ['docs'];
					const names = roots
						.flatMap((root) => all.map((relPath) => nameOf(file(relPath, root))))
						.flatMap((name) => ('fault' in name ? [] : [JSON.stringify(name)]));
					assert.equal(new Set(names).size, names.length);
				},
			),
			{ numRuns: 500 },
		);
		assert.ok(injective > 50);
		assert.equal(naming({ template: 'x/{relPath}' }).isInjective, true);
		assert.equal(naming({ template: '{name}' }).isInjective, false);
		assert.equal(naming({ template: '{relPath}' }, true).isInjective, false);
	});
});
