/** The extractor without a pool: for tests and plain scripts, and for files that are trusted. No limits. */
import { readFile } from 'node:fs/promises';
import { readTypes, streamedTypes } from '../../contract/file-types.ts';
import { checkChunkSettings, type ChunkSettings, defaultChunkSettings } from '../../chunking/index.ts';
import { extractDocument, type FileExtractor, fromReadError, type Reading, streamInput } from './extract.ts';
import type { CheckedOcr } from './ocr-data.ts';
import { readingFingerprint } from './reading-fingerprint.ts';
import { createRecognition } from './recognition.ts';

/** Throws `config_invalid` for chunk sizes that cannot work. */
export function createInProcessExtractor(
	settings: { chunking?: ChunkSettings; ocr?: CheckedOcr } = {},
): FileExtractor {
	const { chunking = defaultChunkSettings, ocr } = settings;
	checkChunkSettings(chunking);
	const reading = (): Reading => ({
		chunking,
		recognition:
			ocr === undefined
				? null
				: createRecognition(ocr, {
						beforePage: () => Promise.resolve(),
						afterPage: () => Promise.resolve(),
						slowPages: [],
						monotonic: () => process.uptime() * 1_000,
					}),
	});
	return {
		fingerprintOf: readingFingerprint({ chunking, ocr }),
		mimeTypes: readTypes(ocr !== undefined),
		streamable: streamedTypes,
		async extract({ content, ...told }, signal) {
			signal?.throwIfAborted();
			if (content instanceof Uint8Array) return extractDocument(content, told, reading());
			const bytes = await readFile(content.file, { signal }).catch((error: unknown) => {
				signal?.throwIfAborted();
				throw fromReadError(error);
			});
			return extractDocument(bytes, told, reading());
		},
		async stream(input, sink, signal) {
			signal?.throwIfAborted();
			await sink.begin();
			return streamInput(input, reading(), (page) => {
				signal?.throwIfAborted();
				return sink.page(page);
			});
		},
		close: () => Promise.resolve(),
	};
}
