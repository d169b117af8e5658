import { availableParallelism, cpus } from 'node:os';
import { type Run, runBench } from './bench.ts';

/** `npm run bench -- NAME`: a table for people and, as the last line, one JSON object. Ends with 1 for a fault. */
const benches: Readonly<Record<string, { seconds: number; load: () => Promise<{ run: Run }> }>> = {
	onboard: { seconds: 600, load: () => import('./onboard.ts') },
	follow: { seconds: 900, load: () => import('./follow.ts') },
	audit: { seconds: 1800, load: () => import('./audit.ts') },
	accept: { seconds: 300, load: () => import('./accept.ts') },
	coalesce: { seconds: 120, load: () => import('./coalesce.ts') },
	dark: { seconds: 180, load: () => import('./dark.ts') },
	storm: { seconds: 900, load: () => import('./storm.ts') },
	headtohead: { seconds: 1800, load: () => import('./headtohead.ts') },
	beside: { seconds: 300, load: () => import('./beside.ts') },
	rescan: { seconds: 300, load: () => import('./rescan.ts') },
	entity: { seconds: 300, load: () => import('./entity.ts') },
	publish: { seconds: 600, load: () => import('./publish.ts') },
	throttle: { seconds: 300, load: () => import('./throttle.ts') },
	reader: { seconds: 900, load: () => import('./reader.ts') },
	latency: { seconds: 1800, load: () => import('./latency.ts') },
	scale: { seconds: 1800, load: () => import('./scale.ts') },
	reuse: { seconds: 1800, load: () => import('./reuse.ts') },
	formats: { seconds: 3600, load: () => import('./formats.ts') },
	retrieval: { seconds: 1800, load: () => import('./retrieval.ts') },
	search: { seconds: 3600, load: () => import('./search.ts') },
	embed: { seconds: 120, load: () => import('./embed.ts') },
	page: { seconds: 3600, load: () => import('./page.ts') },
	edit: { seconds: 120, load: () => import('./edit.ts') },
};

async function main(name: string | undefined): Promise<void> {
	const bench = benches[name ?? ''];
	if (bench === undefined) {
		console.error(`usage: npm run bench -- NAME, one of ${Object.keys(benches).join(', ')}`);
		process.exitCode = 2;
		return;
	}
	const cpu = cpus()[0]?.model.trim() ?? 'unknown';
	console.log(`${name}: Node ${process.versions.node}, ${availableParallelism()} x ${cpu}`);
	const { run } = await bench.load();
	const { figures, faults } = await runBench(run, bench.seconds);
	for (const fault of faults) console.log(`FAULT ${fault}`);
	if (faults.length > 0) process.exitCode = 1;
	console.log(JSON.stringify({ bench: name, ...figures, faults: faults.length }));
}

main(process.argv[2]).catch((error: unknown) => {
	console.error(error);
	process.exitCode = 1;
});
