/** What the extractor pool and its children send each other, by structured clone. */
import type { PlainError } from '../../errors.ts';
import type { ChunkSettings } from '../../chunking/index.ts';
import type { Chunk, DocumentFacts } from '../../ports/index.ts';
import type { FileInput } from './extract.ts';
import type { OcrSettings } from './ocr-data.ts';

/** Some files for one child, to be worked on in order. */
export interface WorkMessage {
	readonly chunking: ChunkSettings;
	/** Absent: pictures are not read. */
	readonly ocr?: OcrSettings | undefined;
	readonly files: readonly {
		readonly id: number;
		readonly input: FileInput;
		/** Each part waits for `taken`, and a large file is read in pieces. */
		readonly isPaged: boolean;
		/** See `Task.slowPages`. */
		readonly slowPages: readonly number[];
	}[];
}

/** The parent has taken the last part of a paged file. */
export interface TakenMessage {
	readonly taken: number;
}

/**
 * Once after the start; then for each file any number of parts and its end. `isSpent`: the last file has left the
 * process in a state in which it must not read another one; it waits for its end.
 */
export type AnswerMessage =
	| { readonly ready: true }
	| { readonly isSpent: true }
	/** The file's n-th page for text recognition is about to be read, which has a time of its own; null: that is over. */
	| { readonly id: number; readonly recognising: number | null }
	| { readonly id: number; readonly part: readonly Chunk[] }
	| { readonly id: number; readonly facts: DocumentFacts }
	| { readonly id: number; readonly error: PlainError };
