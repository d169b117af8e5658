import type { Block } from '../../api/chunking/chunk.ts';

export interface Sample {
	readonly content: string | Uint8Array;
	readonly title: string | null;
	readonly blocks: readonly Block[];
}

/** From one number to before another. */
export const sentences = (from: number, to: number): string[] =>
	Array.from({ length: to - from }, (_, i) => `Sentence number ${from + i} of this document.`);

export const [begin, end] = [sentences(0, 30).join(' '), sentences(30, 60).join(' ')];

export const repeated = <T>(items: readonly T[], times: number): T[] =>
	Array.from({ length: times }, () => items).flat();

export const heading = (level: number, text: string): Block => ({ kind: 'heading', level, text });
export const paragraph = (text: string): Block => ({ kind: 'paragraph', text });
export const item = (text: string): Block => ({ kind: 'item', level: 1, text });
