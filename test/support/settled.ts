import assert from 'node:assert/strict';
import { call } from './call.ts';

/** Asks until `is` holds; there is nothing to wait for but the answer itself. */
export async function until<T>(ask: () => Promise<T>, is: (value: T) => boolean, forMs = 10_000): Promise<T> {
	const end = performance.now() + forMs;
	for (;;) {
		const value = await ask();
		if (is(value)) return value;
		assert.ok(performance.now() < end, `not so within ${forMs} ms: ${JSON.stringify(value)?.slice(0, 500)}`);
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
}

/** Waits until nothing waits and nothing is worked on. */
export async function settled(url: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
	await until(
		async () => (await call(url, { path: '/v1/status', headers })).json,
		(status) => status.pending === 0 && status.inWork === 0,
	);
}
