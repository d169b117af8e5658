import assert from 'node:assert/strict';
import { foldersOf } from '../../tools/licences.ts';
import { sbomOf } from '../../tools/sbom.ts';

describe('the bill of materials', () => {
	const inputs = [
		'api/cli.ts',
		'node_modules/fastify/fastify.js',
		'node_modules/fastify/lib/route.js',
		'node_modules/@fastify/swagger/index.js',
	];

	it('names each library that went into the package once, with its version, licence and hash', () => {
		const { bomFormat, components, metadata } = JSON.parse(sbomOf(foldersOf(inputs)));
		assert.equal(bomFormat, 'CycloneDX');
		assert.equal(metadata.component.name, 'n8n-nodes-docdrop');
		assert.deepEqual(
			components.map(({ name }: { name: string }) => name),
			['@fastify/swagger', 'fastify'],
		);
		const [swagger, fastify] = components;
		assert.match(swagger.purl, /^pkg:npm\/%40fastify\/swagger@\d+\.\d+\.\d+$/);
		assert.deepEqual(fastify.licenses, [{ expression: 'MIT' }]);
		assert.match(fastify.hashes[0].content, /^[0-9a-f]{128}$/);
	});

	it('is the same for the same libraries, and another one for others', () => {
		const [first, second] = [sbomOf(foldersOf(inputs)), sbomOf(foldersOf(inputs.toReversed()))];
		assert.equal(first, second);
		const { serialNumber } = JSON.parse(sbomOf(foldersOf(inputs.slice(0, 2))));
		assert.notEqual(serialNumber, JSON.parse(first).serialNumber);
		assert.match(serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
	});
});
