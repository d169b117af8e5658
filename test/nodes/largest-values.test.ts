import assert from 'node:assert/strict';
import type { INodeProperties } from 'n8n-workflow';
import { limits } from '../../api/contract/limits.ts';
import { DocDrop } from '../../nodes/DocDrop/DocDrop.node.ts';
import { DocDropTrigger } from '../../nodes/DocDropTrigger/DocDropTrigger.node.ts';
import { numberOptions } from '../../nodes/DocDropTrigger/number-options.ts';

/** Fields of the nodes whose largest value is a limit of the contract. */
const ofContract: Readonly<Record<string, keyof typeof limits>> = {
	'docDrop.limit': 'searchResults',
	'docDrop.context': 'contextChunks',
	'docDropTrigger.batchSize': 'batchDocuments',
};

/** All fields that name a largest value, those within collections too. */
function largestValues(node: string, fields: readonly INodeProperties[]): [field: string, value: number][] {
	return fields.flatMap(({ name, typeOptions, options = [] }) => {
		const value = typeOptions?.maxValue;
		const own: [string, number][] = value === undefined ? [] : [[`${node}.${name}`, value]];
		const inner = options.flatMap((one) => ('values' in one ? one.values : 'type' in one ? [one] : []));
		return [...own, ...largestValues(node, inner)];
	});
}

describe('the largest values that the nodes take', () => {
	const found = [new DocDrop(), new DocDropTrigger()].flatMap(({ description: { name, properties } }) =>
		largestValues(name, properties),
	);

	for (const [field, limit] of Object.entries(ofContract)) {
		it(`${field} is limits.${limit}`, () => {
			const values = found.flatMap(([name, value]) => (name === field ? [value] : []));
			assert.deepEqual(values, [limits[limit]], `maxValue of ${field}, where limits.${limit} belongs`);
		});
	}

	it('docDrop.offset leaves room for one result', () => {
		const values = found.flatMap(([name, value]) => (name === 'docDrop.offset' ? [value] : []));
		assert.deepEqual(values, [limits.searchWindow - 1]);
	});

	it('are those of the contract, and the options that the trigger alone knows', () => {
		const own = Object.keys(numberOptions).map((name) => `docDropTrigger.${name}`);
		// A score is of a range that is nobody's limit.
		const known = [...own, 'docDrop.offset', 'docDrop.minScore'];
		const strange = found.filter(([field]) => !Object.hasOwn(ofContract, field) && !known.includes(field));
		assert.deepEqual(strange, [], 'a maxValue of which this test does not know what it stands for');
	});
});
