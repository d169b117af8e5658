/**
 * Subtitles (SubRip, WebVTT) to paragraphs of running text: cues joined until the speech pauses or a paragraph is
 * long enough. Each begins with the time of its first cue, so that a hit leads to the place.
 */
import type { Block } from '../../chunking/index.ts';
import { decode } from './decode.ts';
import type { Document } from './extracted.ts';
import { linesIn } from './lines.ts';

/** A silence of so many seconds ends a paragraph. */
const PAUSE = 3;
/** A paragraph of so many characters ends with its sentence. */
const LONG_PARAGRAPH = 600;
const LONGEST_PARAGRAPH = 2_000;

const TIMES = /^\s*((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})\s*-->\s*((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})/;

/** Rejects with `unreadable` what is binary. */
export function extractSubtitles(bytes: Uint8Array, mimeType: string): Document {
	const blocks: Block[] = [];
	const paragraph = createParagraphs((text) => blocks.push({ kind: 'paragraph', text }));
	let title: string | null = null;
	/** A comment or a style sheet, until the next blank line; null outside of cues. */
	let part: 'cue' | 'note' | null = null;
	/** A line that may be the number of the cue that follows. */
	let unclaimed: string | null = null;
	const claim = () => {
		if (unclaimed !== null) paragraph.add(unclaimed);
		unclaimed = null;
	};
	for (const line of linesIn(decode(bytes, mimeType))) {
		const times = TIMES.exec(line);
		if (times !== null) {
			unclaimed = null;
			part = 'cue';
			paragraph.cue(secondsOf(times[1] ?? ''), secondsOf(times[2] ?? ''));
		} else if (line.trim() === '') {
			claim();
			part = null;
		} else if (part === 'cue') paragraph.add(line);
		else if (part === null && /^WEBVTT\b/.test(line)) {
			title =
				line
					.slice(6)
					.replace(/^[\s-]+/, '')
					.trim() || null;
			part = 'note';
		} else if (part === null && /^(?:NOTE|STYLE|REGION)\b/.test(line)) part = 'note';
		else if (part === null) {
			claim();
			unclaimed = line;
		}
	}
	claim();
	paragraph.end();
	return { title, blocks };
}

function createParagraphs(emit: (text: string) => void) {
	let lines: string[] = [];
	let length = 0;
	let start: number | null = null;
	let lastEnd: number | null = null;
	let lastLine = '';
	function end(): void {
		const text = lines.join(' ');
		if (text !== '') emit(start === null ? text : `[${clock(start)}] ${text}`);
		lines = [];
		length = 0;
		start = null;
	}
	return {
		end,
		cue(from: number, to: number): void {
			const hasPause = lastEnd !== null && from - lastEnd >= PAUSE;
			const isLong = length > LONG_PARAGRAPH && /[.!?…。！？]["'”’»]?$/.test(lastLine);
			if (hasPause || isLong || length > LONGEST_PARAGRAPH) end();
			start ??= from;
			lastEnd = to;
		},
		add(line: string): void {
			const text = spoken(line);
			// Captions that roll say each line twice.
			if (text === '' || text === lastLine) return;
			lines.push(text);
			length += text.length;
			lastLine = text;
		},
	};
}

/** Without the marks of the formats; a voice is the name before what it says. */
function spoken(line: string): string {
	return line
		.replace(/<v(?:\.[^\s>]{0,100})?\s+([^>]{1,200})>/g, '$1: ')
		.replace(/<[^<>]{0,200}>/g, '')
		.replace(/\{\\[^{}]{0,200}\}/g, '')
		.replace(/&(amp|lt|gt|nbsp|lrm|rlm);/g, (_, name: string) => ENTITIES[name] ?? '')
		.replace(/\s+/g, ' ')
		.trim();
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', nbsp: ' ' };

function secondsOf(time: string): number {
	return time
		.replace(',', '.')
		.split(':')
		.reduce((sum, part) => sum * 60 + Number(part), 0);
}

function clock(seconds: number): string {
	const whole = Math.floor(seconds);
	const two = (number: number) => String(number).padStart(2, '0');
	return `${two(Math.floor(whole / 3600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}
