/** The process's own figures, as /metrics prints them. */
export interface Metrics {
	/** Sum of a metric over all its labels, or over those lines that hold `labels`. */
	sum(name: string, labels?: string): number;
	/** Of a metric, by one of its labels, over those lines whose labels fit `where`. */
	by(name: string, label: string, where?: RegExp): Record<string, number>;
}

export async function readMetrics(url: string): Promise<Metrics | null> {
	let text: string;
	try {
		const answer = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(5_000) });
		if (!answer.ok) return null;
		text = await answer.text();
	} catch {
		return null;
	}
	const lines = text.split('\n').flatMap((line) => {
		const [, name, labels = '', value] = /^([a-z_]+)(?:\{([^}]*)\})? (\S+)$/.exec(line) ?? [];
		return name === undefined ? [] : [{ name, labels, value: Number(value) }];
	});
	return {
		sum: (name, labels = '') =>
			lines
				.filter((line) => line.name === name && line.labels.includes(labels))
				.reduce((sum, line) => sum + line.value, 0),
		by(name, label, where = /^/) {
			const found: Record<string, number> = {};
			for (const line of lines) {
				const key = new RegExp(`${label}="([^"]*)"`).exec(line.labels)?.[1];
				if (line.name === name && key !== undefined && where.test(line.labels))
					found[key] = (found[key] ?? 0) + line.value;
			}
			return found;
		},
	};
}
