import assert from 'node:assert/strict';
import { demandOfPattern } from '../../api/contract/patterns.ts';
import { httpInMemory } from '../support/http-in-memory.ts';

/** Every `pattern` in a part of a JSON schema. */
function* patternsIn(part: unknown): Iterable<string> {
	if (typeof part !== 'object' || part === null) return;
	for (const [name, value] of Object.entries(part)) {
		if (name === 'pattern' && typeof value === 'string') yield value;
		else yield* patternsIn(value);
	}
}

describe('patterns of the API', () => {
	it('are each said in words, so that no refusal shows a regular expression', async () => {
		const made = await httpInMemory();
		const answer = await made.http.inject({ url: '/docs/json', headers: { host: 'localhost' } });
		await made.close();
		const patterns = new Set(patternsIn(answer.json()));
		assert.ok(patterns.size > 0);
		for (const pattern of patterns) assert.ok(demandOfPattern(pattern) !== undefined, pattern);
	});
});
