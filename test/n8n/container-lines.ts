import { readFileSync } from 'node:fs';

/** What a Dockerfile's last stage starts with, and every command that makes it. */
export interface ContainerLines {
	/** Of all stages, in order. */
	readonly run: readonly string[];
	readonly env: Readonly<Record<string, string>>;
	readonly command: readonly string[];
	readonly health: readonly string[];
}

export function containerLines(file: string): ContainerLines {
	const lines = readFileSync(file, 'utf8').split('\n');
	const after = (word: string) =>
		lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
	const list = (text: string | undefined) => (text === undefined ? [] : (JSON.parse(text) as string[]));
	const health = after('HEALTHCHECK')[0]?.split(' CMD ')[1];
	return {
		run: after('RUN'),
		env: Object.fromEntries(
			after('ENV')
				.flatMap((line) => line.split(' '))
				.map((pair) => pair.split('=') as [string, string]),
		),
		command: list(after('CMD')[0] ?? after('ENTRYPOINT')[0]),
		health: list(health),
	};
}
