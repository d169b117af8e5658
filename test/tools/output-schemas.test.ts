import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { INodePropertyOptions } from 'n8n-workflow';
import { properties } from '../../nodes/DocDrop/description/index.ts';
import { schemaOf, writeOutputSchemas } from '../../tools/output-schemas.ts';
import { tempDirs } from '../nodes/watch/temp-dirs.ts';

/** What n8n's editor reads of a node that has not run: dist/nodes-loader/output-schema-resolver.js of n8n-core 2.40. */
describe('output fields that the editor shows before a run', () => {
	const dirs = tempDirs();

	it('nests what is named with a dot, and leaves out what is in lists', () => {
		const field = (name: string, type: string) => ({ name, type, meaning: '' });
		const fields = [
			field('docId', 'text'),
			field('state', '`accepted`, `stale`'),
			field('size', 'number, null'),
			field('chunks', 'list'),
			field('chunks[].text', 'text'),
			field('docdrop.seq', 'number'),
			field('docdrop.takeOver', 'true or false or absent'),
			field('published', 'object, null'),
			field('published.bytes', 'number'),
		];
		const type = (name: string) => ({ type: name });
		assert.deepEqual(schemaOf(fields), {
			type: 'object',
			properties: {
				...{ docId: type('string'), state: type('string'), size: type('number'), chunks: type('array') },
				docdrop: { type: 'object', properties: { seq: type('number'), takeOver: type('boolean') } },
				published: { type: 'object', properties: { bytes: type('number') } },
			},
		});
	});

	it('has a file for every operation, and one for the trigger, where n8n looks for it', async () => {
		const dir = await dirs.make();
		writeOutputSchemas(dir);
		const read = (...parts: string[]) =>
			JSON.parse(readFileSync(join(dir, ...parts), 'utf8')) as ReturnType<typeof schemaOf>;
		for (const { displayOptions, options = [] } of properties.filter(({ name }) => name === 'operation')) {
			const [resource = ''] = (displayOptions?.show?.['resource'] ?? []) as string[];
			for (const { value } of options as INodePropertyOptions[]) {
				const file = `${String(value)}.json`;
				const { properties: fields = {} } = read('DocDrop', '__schema__', 'v1.0.0', resource, file);
				assert.ok(Object.keys(fields).length > 0, `${resource} ${file}`);
			}
		}
		const { properties: fields = {} } = read('DocDropTrigger', '__schema__', 'v1.0.0.json');
		assert.equal(fields['fileName']?.type, 'string');
		assert.equal(fields['docdrop']?.properties?.['seq']?.type, 'number');
	});
});
