import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** The other tenant: it publishes and searches as ever, and notes how long each took. */
export interface Victim {
	readonly publishMs: number[];
	readonly searchMs: number[];
	/** Ids of what was acknowledged. */
	readonly accepted: string[];
}

const between = { publishes: 200, searches: 100, looks: 20 };

async function post<T>(url: string, body: object): Promise<T | null> {
	const headers = { authorization: 'Bearer good-key', 'content-type': 'application/json' };
	const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
	const text = await answer.text();
	return answer.ok ? (JSON.parse(text) as T) : null;
}

/** Until `isOver`; what was begun is waited for, however long it takes. */
export async function runVictim(url: string, isOver: () => boolean): Promise<Victim> {
	const victim: Victim = { publishMs: [], searchMs: [], accepted: [] };
	const find = (query: string) =>
		post<{ results: unknown[] }>(`${url}/v1/search`, { tenant: 'good', query, mode: 'text', limit: 1 });

	async function publish(): Promise<void> {
		const word = `word${randomUUID().replaceAll('-', '')}`;
		const docId = `${word}.md`;
		const change = { tenant: 'good', docId, content: { text: `It says ${word}.` }, coalesced: true };
		const start = performance.now();
		while ((await post(`${url}/v1/publish`, change)) === null) await sleep(between.looks);
		victim.accepted.push(docId);
		while (((await find(word))?.results.length ?? 0) === 0) await sleep(between.looks);
		victim.publishMs.push(performance.now() - start);
	}
	async function search(): Promise<void> {
		const start = performance.now();
		while ((await find('it says')) === null) await sleep(between.looks);
		victim.searchMs.push(performance.now() - start);
	}
	async function repeat(work: () => Promise<void>, everyMs: number): Promise<void> {
		while (!isOver()) {
			await work();
			await sleep(everyMs);
		}
	}
	await Promise.all([repeat(publish, between.publishes), repeat(search, between.searches)]);
	return victim;
}
