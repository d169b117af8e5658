/** Works on a few entries ahead of whoever takes the results, in order. `work` must not reject. */
export async function* readAhead<In, Out>(
	entries: Iterable<In>,
	work: (entry: In) => Promise<Out>,
	width: number,
): AsyncGenerator<{ readonly entry: In; readonly result: Out }> {
	const started: { readonly entry: In; readonly result: Promise<Out> }[] = [];
	for (const entry of entries) {
		started.push({ entry, result: work(entry) });
		if (started.length < width) continue;
		const first = started.shift();
		if (first !== undefined) yield { entry: first.entry, result: await first.result };
	}
	for (const { entry, result } of started) yield { entry, result: await result };
}
