/**
 * Text recognition (OCR) for one document: how many pages it may still read, and what they say. What a page says
 * depends on its picture alone; how many pages are read may depend on the time that the ones before it took.
 */
import { DocDropError, isDocDropError } from '../../errors.ts';
import { ocrBounds } from './ocr-bounds.ts';
import { openOcr, type OcrSettings } from './ocr-data.ts';
import type { OcrEngine, Picture } from './ocr-engine.ts';
import { createHyphens, DIVISION } from './pdf-hyphens.ts';
import { cleanText } from './pdf-text.ts';

export interface Recognition {
	/**
	 * `draw` makes the picture of a page of a file of `mimeType`, or throws an error of the table. Throws where
	 * WebAssembly has ended.
	 */
	read(mimeType: string, draw: () => Picture): Promise<PageOutcome>;
}

export type PageOutcome =
	/** None where nothing is written on it. */
	| { readonly kind: 'read'; readonly paragraphs: readonly string[] }
	| { readonly kind: 'unread'; readonly error: DocDropError }
	/** The document has had what a document may take. */
	| { readonly kind: 'beyond' };

/** Below it, what is found are strokes of a drawing or a photograph that look like letters. */
const LEAST_CONFIDENCE = 40;

/** A page that stands upright is hardly ever below it. */
const UPRIGHT_CONFIDENCE = 70;
/** By EXIF's count, what is upside down beside each way to lie. */
const upsideDown = (orientation: number): number => [0, 3, 4, 1, 2, 7, 8, 5, 6][orientation] ?? 1;

let kept: OcrEngine | null = null;

export function createRecognition(
	settings: OcrSettings,
	deps: {
		/** Waits until who watches over the time knows that the document's n-th page for recognition begins. */
		readonly beforePage: (place: number) => Promise<void>;
		/** The same for its end: what comes then is reading again. */
		readonly afterPage: () => Promise<void>;
		/** Those that are known to take too long; where there is one more than a document may have, none is read from it on. */
		readonly slowPages: readonly number[];
		readonly monotonic: () => number;
	},
): Recognition {
	const spent = { pages: 0, ms: 0 };
	const end = deps.slowPages[ocrBounds.slowPages] ?? Infinity;
	return {
		async read(mimeType, draw) {
			const place = spent.pages + 1;
			const isOver = place > ocrBounds.pages || place >= end || spent.ms >= ocrBounds.documentMs;
			if (isOver) return { kind: 'beyond' };
			await deps.beforePage(place);
			const startedAt = deps.monotonic();
			try {
				if (deps.slowPages.includes(place)) throw unreadable(mimeType, TOO_SLOW);
				kept ??= await openOcr(settings);
				return recognise(kept, draw(), mimeType);
			} catch (error) {
				if (!isDocDropError(error) || error.code !== 'unreadable' || error.cause !== undefined) throw error;
				return { kind: 'unread', error };
			} finally {
				if (kept?.isSpent() === true) kept = null;
				spent.pages += 1;
				spent.ms += deps.monotonic() - startedAt;
				await deps.afterPage();
			}
		},
	};
}

function recognise(engine: OcrEngine, picture: Picture, mimeType: string): PageOutcome {
	let found: ReturnType<OcrEngine['recognise']>;
	try {
		found = recogniseEitherWay(engine, picture);
	} catch (cause) {
		throw unreadable(mimeType, TOO_LARGE, cause);
	}
	if (found === 'too-large') throw unreadable(mimeType, TOO_LARGE);
	if (found === 'damaged') throw unreadable(mimeType, 'it is damaged or none');
	const { text, confidence } = found;
	return { kind: 'read', paragraphs: confidence < LEAST_CONFIDENCE ? [] : paragraphsOf(text) };
}

/** A page that lies on its side is turned by Tesseract, which then cannot tell its head from its foot. */
function recogniseEitherWay(engine: OcrEngine, picture: Picture): ReturnType<OcrEngine['recognise']> {
	const found = engine.recognise(picture);
	if (typeof found === 'string' || found.text.trim() === '' || found.confidence >= UPRIGHT_CONFIDENCE)
		return found;
	const turned = engine.recognise({ ...picture, orientation: upsideDown(picture.orientation ?? 1) });
	return typeof turned === 'object' && turned.confidence > found.confidence ? turned : found;
}

const unreadable = (mimeType: string, why: string, cause?: unknown) =>
	new DocDropError('unreadable', `the file could not be read as ${mimeType}: ${why}`, { cause });
const TOO_SLOW = `text recognition (OCR) of a page took longer than ${ocrBounds.pageMs} ms`;
const TOO_LARGE = `text recognition (OCR) takes more than ${ocrBounds.memoryMb} MB of memory for it`;

/** A line that is shorter than this share of the longest one was meant to end there. */
const FULL_LINE = 0.75;
const DIVIDED = /(?<=\p{L})-\n(?=\p{L})/gu;

/** The lines of a paragraph are joined, and so are words that a hyphen divides at the end of a line. */
export function paragraphsOf(text: string): string[] {
	const hyphens = createHyphens();
	hyphens.see(text);
	const whole = hyphens.join(text.replace(DIVIDED, `${DIVISION}\n`));
	const longest = whole.split('\n').reduce((most, line) => Math.max(most, line.length), 0);
	return whole.split(/\n\s*\n/).flatMap((paragraph) => {
		let joined = '';
		let last = '';
		for (const line of paragraph.split('\n').map(cleanText).filter(Boolean)) {
			const gap = last === '' ? '' : last.length >= longest * FULL_LINE ? ' ' : '\n';
			joined += gap + line;
			last = line;
		}
		return joined === '' ? [] : [joined];
	});
}
