import { unwantedError } from '../domain/index.ts';
import type { DocumentFacts, Extractor } from '../ports/index.ts';

/**
 * An extractor that gives out nothing of a type that the operator has ruled out: what a file is shows when it is read,
 * whatever name it came in by. Only open-adapters.ts calls this.
 */
export function onlyWanted(
	extractor: Extractor,
	refusedTypes: Pick<ReadonlyMap<string, string>, 'get'>,
): Extractor {
	const wanted = <T extends DocumentFacts>(read: T): T => {
		const setting = refusedTypes.get(read.mimeType);
		if (setting !== undefined) throw unwantedError(read.mimeType, setting);
		return read;
	};
	return {
		...extractor,
		extract: async (...args) => wanted(await extractor.extract(...args)),
		stream: async (...args) => wanted(await extractor.stream(...args)),
	};
}
