import { parseArgs } from 'node:util';
import { campaign } from './campaign.ts';
import { watchCampaign } from './watch-campaign.ts';

/**
 * `npm run crash -- [watch] --runs N [--from N] [--seed S] [--report FILE] [--index sqlite-vec|qdrant]`: kills the real
 * process under load, again and again, and proves that nothing is lost, doubled, stale or left behind. With
 * `watch` the process follows a folder under a storm of changes, and must send nothing again that did not change.
 * Ends with one line of JSON; exit code 1 on any fault.
 */
const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		runs: { type: 'string', default: '25' },
		from: { type: 'string', default: '1' },
		seed: { type: 'string' },
		report: { type: 'string' },
		index: { type: 'string', default: 'sqlite-vec' },
	},
});

function whole(name: string, text: string, least: number): number {
	const number = Number(text);
	if (!Number.isSafeInteger(number) || number < least) throw new Error(`--${name} must be a whole number`);
	return number;
}

if (values.index !== 'sqlite-vec' && values.index !== 'qdrant')
	throw new Error('--index must be sqlite-vec or qdrant');
if (positionals.length > 1 || (positionals[0] ?? 'watch') !== 'watch')
	throw new Error('there is no campaign but the one without a name, and watch');
const options = {
	runs: whole('runs', values.runs, 1),
	from: whole('from', values.from, 0),
	seed: values.seed === undefined ? Date.now() % 1_000_000 : whole('seed', values.seed, 0),
	report: values.report ?? null,
	print: console.log,
};
const summary =
	positionals[0] === 'watch'
		? await watchCampaign(options)
		: await campaign({ ...options, index: values.index });
console.log(JSON.stringify(summary));
process.exitCode = summary.failedRuns === 0 ? 0 : 1;
