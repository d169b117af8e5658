import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createTelemetry } from '../api/telemetry.ts';

/** Prometheus' own word on what watches DocDrop. Debian's package prometheus has promtool; CI installs it. */
describe('promtool', () => {
	before(function () {
		if (spawnSync('promtool', ['--version']).status !== 0 && process.env['CI'] !== 'true') this.skip();
	});
	const promtool = (...args: string[]) =>
		execFileSync('promtool', args, { cwd: 'docker/monitoring', encoding: 'utf8' });

	it('reads the rules and the settings, and the alerts come when they should', () => {
		assert.match(promtool('check', 'rules', 'alerts.yml'), /SUCCESS: \d+ rules found/);
		assert.match(promtool('check', 'config', '--syntax-only', 'prometheus.yml'), /SUCCESS/);
		assert.match(promtool('test', 'rules', 'alerts.test.yml'), /SUCCESS/);
	});

	it('finds nothing wrong with the names, units and texts of the metrics', async () => {
		const input = await createTelemetry().render();
		const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
			input,
			encoding: 'utf8',
		});
		assert.deepEqual([status, `${stdout}${stderr}`], [0, '']);
	});
});
