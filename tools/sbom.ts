import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What is in the package, for programs that look for known weaknesses: a bill of materials in the form of CycloneDX. That
 * of npm would list what the project is developed with; here stand the libraries that the bundles and the files beside
 * them were made of. The same files give the same text.
 */
interface Manifest {
	readonly name: string;
	readonly version: string;
	readonly license?: string;
}

const manifestOf = (folder: string): Manifest =>
	JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

/** `folders`: of the libraries, as node_modules/NAME. */
export function sbomOf(folders: Iterable<string>): string {
	const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
		readonly packages: Readonly<Record<string, { readonly integrity?: string }>>;
	};
	const components = [...new Set(folders)]
		.map((folder) => componentOf(manifestOf(folder), packages[folder]?.integrity))
		.toSorted((a, b) => (a.purl < b.purl ? -1 : 1));
	const { name, version } = manifestOf('.');
	const component = { type: 'application', name, version, purl: purlOf(name, version) };
	return `${JSON.stringify(
		{
			...{ bomFormat: 'CycloneDX', specVersion: '1.5', serialNumber: serialOf(components), version: 1 },
			metadata: { component },
			components,
		},
		null,
		'\t',
	)}\n`;
}

function componentOf({ name, version, license }: Manifest, integrity: string | undefined) {
	const [, sha512] = /^sha512-(.+)$/.exec(integrity ?? '') ?? [];
	return {
		...{ type: 'library', name, version, purl: purlOf(name, version) },
		...(license !== undefined && { licenses: [{ expression: license }] }),
		...(sha512 !== undefined && {
			hashes: [{ alg: 'SHA-512', content: Buffer.from(sha512, 'base64').toString('hex') }],
		}),
	};
}

const purlOf = (name: string, version: string) => `pkg:npm/${name.replace('@', '%40')}@${version}`;

function serialOf(components: object): string {
	const hash = createHash('sha256').update(JSON.stringify(components)).digest('hex');
	const parts = [hash.slice(0, 8), hash.slice(8, 12), `8${hash.slice(13, 16)}`, `8${hash.slice(17, 20)}`];
	return `urn:uuid:${parts.join('-')}-${hash.slice(20, 32)}`;
}
