import assert from 'node:assert/strict';
import { createTelemetry } from '../api/telemetry.ts';

describe('telemetry', () => {
	it('counts, sets and observes under its own names', async () => {
		const telemetry = createTelemetry();
		telemetry.count('docdrop_changes_total', { result: 'accepted' });
		telemetry.count('docdrop_changes_total', { result: 'accepted' }, 4);
		telemetry.set('docdrop_documents', {}, 12);
		telemetry.set('docdrop_documents', {}, 11);
		telemetry.observe('docdrop_lag_seconds', {}, 0.02);
		telemetry.observe('docdrop_lag_seconds', {}, 400);
		const text = await telemetry.render();
		assert.match(text, /^docdrop_changes_total\{result="accepted"\} 5$/m);
		assert.match(text, /^docdrop_documents 11$/m);
		assert.match(text, /^docdrop_lag_seconds_bucket\{le="0.025"\} 1$/m);
		assert.match(text, /^docdrop_lag_seconds_bucket\{le="\+Inf"\} 2$/m);
		assert.match(text, /^docdrop_lag_seconds_count 2$/m);
	});

	it('several live in one process without mixing', async () => {
		const [one, other] = [createTelemetry(), createTelemetry()];
		one.set('docdrop_chunks', {}, 3);
		assert.match(await other.render(), /^docdrop_chunks 0$/m);
	});

	it('says of each metric what it means, in base units', async () => {
		const lines = (await createTelemetry().render()).split('\n');
		const kinds = new Map(
			lines
				.filter((line) => line.startsWith('# TYPE'))
				.map((line) => [line.split(' ')[2] ?? '', line.split(' ')[3]]),
		);
		const helps = new Map(
			lines.filter((line) => line.startsWith('# HELP')).map((line) => [line.split(' ')[2] ?? '', line]),
		);
		assert.ok(kinds.size > 15);
		for (const [name, kind] of kinds) {
			assert.match(name, /^docdrop_[a-z0-9_]+$/);
			assert.ok((helps.get(name)?.length ?? 0) > name.length + 15, name);
			assert.doesNotMatch(name, /_(ms|kb|mb|millis)/, 'seconds and bytes');
			assert.equal(kind === 'counter', name.endsWith('_total'), name);
			if (kind === 'histogram') assert.ok(name.endsWith('_seconds'), name);
		}
	});
});
