import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What the licences of bundled libraries ask for: their texts beside the bundle. `inputs`: the files that went into
 * it, as esbuild names them.
 */
export function licencesOf(inputs: Iterable<string>): string {
	const packages = [...foldersOf(inputs)]
		.map((folder) => licenceOf(folder))
		.toSorted((a, b) => (a.name < b.name ? -1 : 1));
	const missing = packages.filter(({ text, licence }) => text === null && licence === null);
	if (missing.length > 0) throw new Error(`no licence in ${missing.map(({ name }) => name).join(', ')}`);
	return packages
		.map(
			({ name, licence, text }) =>
				`${name}\n${'='.repeat(name.length)}\n\n${text ?? `Licence: ${licence}`}\n`,
		)
		.join('\n\n');
}

/** Of the libraries that the files belong to. */
export function foldersOf(inputs: Iterable<string>): ReadonlySet<string> {
	const folders = new Set<string>();
	for (const input of inputs) {
		const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
		if (folder !== undefined) folders.add(folder);
	}
	return folders;
}

interface Licence {
	/** With its version. */
	readonly name: string;
	readonly licence: string | null;
	readonly text: string | null;
}

function licenceOf(folder: string): Licence {
	const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
		readonly name: string;
		readonly version: string;
		readonly license?: string;
	};
	const texts = readdirSync(folder, { withFileTypes: true })
		.filter((entry) => entry.isFile() && /^(licen[cs]e|copying|notice)/i.test(entry.name))
		.map((entry) => readFileSync(join(folder, entry.name), 'utf8').trim());
	return {
		name: `${name} ${version}`,
		licence: license ?? null,
		text: texts.length === 0 ? null : texts.join('\n\n'),
	};
}
