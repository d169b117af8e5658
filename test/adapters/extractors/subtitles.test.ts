import assert from 'node:assert/strict';
import { extractSubtitles } from '../../../api/adapters/extractors/subtitles.ts';

const read = (text: string, type = 'application/x-subrip') =>
	extractSubtitles(new TextEncoder().encode(text), type);
const texts = (text: string, type?: string) => read(text, type).blocks.map((block) => block.text);

describe('extractSubtitles', () => {
	it('joins the cues of SubRip, without their numbers and marks, until the speech pauses', () => {
		const srt = `1
00:00:01,000 --> 00:00:03,000
{\\an8}Hello <i>there</i>,

2
00:00:03,200 --> 00:00:05,000
how are
you?

3
01:02:09,000 --> 01:02:10,000
42
`;
		assert.deepEqual(texts(srt), ['[00:00:01] Hello there, how are you?', '[01:02:09] 42']);
	});

	it('reads WebVTT: voices, no notes and styles, no line twice', () => {
		const vtt = `WEBVTT - A talk

NOTE not
for readers

STYLE
::cue { color: red }

intro
00:01.000 --> 00:02.000 align:start
<v Ada>We begin &amp; go on</v>

00:02.000 --> 00:03.000
We begin & go on
<00:02.500><c>now</c>`;
		assert.deepEqual(read(vtt, 'text/vtt'), {
			title: 'A talk',
			blocks: [{ kind: 'paragraph', text: '[00:00:01] Ada: We begin & go on We begin & go on now' }],
		});
		const rolling = 'WEBVTT\n\n00:01.000 --> 00:02.000\nfirst\n\n00:02.000 --> 00:03.000\nfirst\nsecond';
		assert.deepEqual(texts(rolling, 'text/vtt'), ['[00:00:01] first second']);
	});

	it('ends a long paragraph with its sentence', () => {
		const cue = (n: number) =>
			`${n}\n00:00:${String(n).padStart(2, '0')},000 --> 00:00:${String(n + 1).padStart(2, '0')},000\nSentence number ${n} of this film, which goes on for a while.\n`;
		const found = texts(Array.from({ length: 40 }, (_, n) => cue(n)).join('\n'));
		assert.ok(found.length > 2);
		for (const text of found) assert.match(text, /^\[00:00:\d\d\] Sentence .*\.$/);
	});

	it('keeps text that is no cue', () => {
		assert.deepEqual(texts('just a text\nof two lines'), ['just a text of two lines']);
	});
});
