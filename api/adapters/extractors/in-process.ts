/** The extractor without a pool: for tests and plain scripts, and for files that are trusted. No limits. */
import { readFile } from 'node:fs/promises';
import { mimeTypes, streamedTypes } from '../../contract/file-types.ts';
import { checkChunkSettings, type ChunkSettings, defaultChunkSettings } from '../../chunking/index.ts';
import {
	extractDocument,
	extractorFingerprint,
	type FileExtractor,
	fromReadError,
	streamInput,
} from './extract.ts';

/** Throws `config_invalid` for chunk sizes that cannot work. */
export function createInProcessExtractor(settings: { chunking?: ChunkSettings } = {}): FileExtractor {
	const chunking = settings.chunking ?? defaultChunkSettings;
	checkChunkSettings(chunking);
	return {
		fingerprint: extractorFingerprint(chunking),
		mimeTypes,
		streamable: streamedTypes,
		async extract({ content, ...told }, signal) {
			signal?.throwIfAborted();
			if (content instanceof Uint8Array) return extractDocument(content, told, chunking);
			const bytes = await readFile(content.file, { signal }).catch((error: unknown) => {
				signal?.throwIfAborted();
				throw fromReadError(error);
			});
			return extractDocument(bytes, told, chunking);
		},
		async stream(input, sink, signal) {
			signal?.throwIfAborted();
			await sink.begin();
			return streamInput(input, chunking, (page) => {
				signal?.throwIfAborted();
				return sink.page(page);
			});
		},
		close: () => Promise.resolve(),
	};
}
