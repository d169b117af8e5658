import { join } from 'node:path';
import { QdrantClient } from '@qdrant/js-client-rest';
import { createQdrantStore } from '../../api/adapters/qdrant/qdrant-store.ts';
import { createShardedStore } from '../../api/adapters/sharded/sharded-store.ts';
import { createSqliteVecStore } from '../../api/adapters/sqlite-vec/index.ts';
import { systemClock } from '../../nodes/watch/clock.ts';
import type { VectorStore } from '../../api/ports/vector-store.ts';
import type { Bench, Result } from './bench.ts';
import { startScript } from './child-script.ts';
import { loadLangChain } from './langchain.ts';
import { dimensions, readyDocuments } from './publish-documents.ts';
import { openLaneBench } from './publish-lane.ts';
import { bareClient, bareInsert, langChain, readyPoints } from './publish-peers.ts';
import { median, printTable, round } from './table.ts';

/**
 * Points a second through the whole publish step (intent, put, remove, commit over a document store on disk),
 * beside a bare loop of Qdrant's official client and beside LangChain, against a server that takes what comes;
 * and into the embedded index, beside a bare bulk insert. Everyone takes the same points, in turns.
 */
const documents = 2_000;
const rounds = 5;
/** Of one request, for the client's loop as for ours. */
const perRequest = 256;
const collection = 'docdrop-bench';

/** The app's index is always one of shards. */
const asInTheApp = (store: VectorStore) =>
	createShardedStore({ shards: [store], checkShards: async () => {} });

export async function run(bench: Bench): Promise<Result> {
	const ready = readyDocuments(documents);
	const points = readyPoints(ready);
	const faults: string[] = [];
	const langchain = await loadLangChain();

	async function againstServer(url: string) {
		const server = createQdrantStore({ url, collection, dimensions, clock: systemClock });
		bench.onEnd(() => server.close());
		const publish = await openLaneBench(bench, asInTheApp(server));
		const loop = bareClient(url, collection, points, perRequest);
		return {
			docdrop: () => publish(ready),
			bareClient: () => loop(1),
			bareInFlight: () => loop(3),
			langchain: langChain(langchain, url, collection, points),
		};
	}
	async function embedded() {
		const store = createSqliteVecStore({ file: join(await bench.temp(), 'vectors.db'), dimensions });
		bench.onEnd(() => store.close());
		await store.open();
		const publish = await openLaneBench(bench, asInTheApp(store));
		return { embedded: () => publish(ready), embeddedBare: await bareInsert(bench, points, 500) };
	}

	const thin = startScript(bench, new URL('./thin-qdrant.ts', import.meta.url), [
		collection,
		String(dimensions),
	]);
	const thinUrl = await thin.line((line) => line.startsWith('http://'));
	const total = points.reduce((sum, document) => sum + document.points.length, 0);
	const arrived: Record<string, Arrived> = {};
	const double = await measure(bench, total, await againstServer(thinUrl), async (name) => {
		arrived[name] = await takenBy(thinUrl);
		const { points: count } = arrived[name];
		if (count !== total) faults.push(`${name}: ${count} of ${total} points arrived`);
	});
	const own = await measure(bench, total, await embedded());
	const realUrl = process.env['QDRANT_URL'] ?? '';
	const real = realUrl === '' ? null : await againstRealServer(bench, realUrl, total, againstServer);

	const sent = (name: string) => {
		const { requests = 0, bytes = 0 } = arrived[name] ?? {};
		return `${requests} requests, ${round(bytes / total, 0)} bytes a point`;
	};
	const figures = {
		points: total,
		server: 'double',
		pointsPerSecond: double.rate('docdrop'),
		bareClient: double.rate('bareClient'),
		bareInFlight: double.rate('bareInFlight'),
		langchain: double.rate('langchain'),
		vsBare: double.ratio('docdrop', 'bareClient'),
		vsBareInFlight: double.ratio('docdrop', 'bareInFlight'),
		vsLangchain: double.ratio('docdrop', 'langchain'),
		embedded: own.rate('embedded'),
		embeddedBare: own.rate('embeddedBare'),
		vsEmbedded: own.ratio('embedded', 'embeddedBare'),
		realServer: real ?? 'not run',
	};
	printTable([
		['points', total, `of ${documents} documents, ${dimensions} dimensions; ${rounds} rounds in turns; server: a double`],
		['DocDrop', figures.pointsPerSecond, `points a second, intent to commit; ${sent('docdrop')}`],
		['bare client', figures.bareClient, `one request after the other; ${sent('bareClient')}`],
		['  ratio', figures.vsBare, 'goal: at least 1.3'],
		['bare client, 3 in flight', figures.bareInFlight, 'as fast as it gets'],
		['  ratio', figures.vsBareInFlight],
		['LangChain', figures.langchain, `document by document; ${sent('langchain')}`],
		['  ratio', figures.vsLangchain, 'goal: at least 3'],
		['embedded', figures.embedded, 'points a second, intent to commit'],
		['bare bulk insert', figures.embeddedBare, 'the same tables, 500 rows a transaction, one thread'],
		['  ratio', figures.vsEmbedded, 'goal: at least 0.9'],
		['Qdrant server', real?.pointsPerSecond ?? 'not run', real === null ? 'QDRANT_URL is not set' : `Qdrant ${real.version}: ${real.vsBare} times the bare client (goal: 0.9), ${real.vsLangchain} times LangChain`],
	]); // prettier-ignore
	return { figures, faults };
}

/** Everyone once for the compiler, then `rounds` times in turns. */
async function measure<Name extends string>(
	bench: Bench,
	total: number,
	contenders: Record<Name, () => number | Promise<number>>,
	after?: (name: Name) => Promise<void>,
) {
	const names = Object.keys(contenders) as Name[];
	const taken = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
	for (let turn = 0; turn <= rounds; turn += 1) {
		for (const name of names) {
			bench.signal.throwIfAborted();
			const perSecond = total / (await contenders[name]());
			await after?.(name);
			if (turn > 0) taken[name].push(perSecond);
		}
	}
	return {
		rate: (name: Name) => round(median(taken[name]), 0),
		// Each round's own ratio: what the machine does to one of a pair it mostly does to the other.
		ratio: (name: Name, to: Name) =>
			round(median(taken[name].map((one, at) => one / (taken[to][at] ?? Number.NaN))), 2),
	};
}

async function againstRealServer(
	bench: Bench,
	url: string,
	total: number,
	contenders: (url: string) => Promise<Record<'docdrop' | 'bareClient' | 'langchain', () => Promise<number>>>,
) {
	const client = new QdrantClient({ url, checkCompatibility: false });
	// Made as DocDrop makes it; all three write into it.
	const store = createQdrantStore({ url, collection, dimensions, clock: systemClock });
	bench.onEnd(() => client.deleteCollection(collection));
	await store.open();
	const { version } = store.info() ?? { version: null };
	await store.close();
	const { rate, ratio } = await measure(bench, total, await contenders(url));
	return {
		version,
		pointsPerSecond: rate('docdrop'),
		bareClient: rate('bareClient'),
		langchain: rate('langchain'),
		vsBare: ratio('docdrop', 'bareClient'),
		vsLangchain: ratio('docdrop', 'langchain'),
	};
}

interface Arrived {
	readonly points: number;
	readonly requests: number;
	readonly bytes: number;
}

async function takenBy(url: string): Promise<Arrived> {
	return ((await (await fetch(`${url}/taken`)).json()) as { result: Arrived }).result;
}
