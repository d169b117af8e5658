/**
 * YAML as it is written, comments included, cut where its keys begin. A part of a long value stands below the lines
 * of the keys that enclose it. Nothing is resolved, so that aliases cannot multiply and tags mean nothing.
 */
import type { Block } from '../../chunking/index.ts';
import { decode } from './decode.ts';
import { LONGEST_TITLE, type Document } from './extracted.ts';
import { linesIn } from './lines.ts';

const LONG_PART = 1_000;
/** Keys that are repeated above a part, and how much of each. */
const MOST_PARENTS = 4;
const LONGEST_PARENT = 100;

/** Rejects with `unreadable` what is binary. */
export function extractYaml(bytes: Uint8Array, mimeType = 'application/yaml'): Document {
	const blocks: Block[] = [];
	let title: string | null = null;
	let lines: string[] = [];
	const flush = () => {
		cut(lines, [], (text) => blocks.push({ kind: 'code', text }));
		lines = [];
	};
	for (const line of linesIn(decode(bytes, mimeType))) {
		if (/^(?:---|\.\.\.)\s*$/.test(line)) flush();
		else if (line.trim() !== '') lines.push(line.trimEnd());
		title ??= /^title:[ \t]+(?![|>&*!])(["']?)(.{1,300})\1[ \t]*$/.exec(line)?.[2]?.trim() ?? null;
	}
	flush();
	return { title: title?.slice(0, LONGEST_TITLE) ?? null, blocks };
}

/** Members of a value that are short stand together; a long one is cut into its own members. */
function cut(lines: readonly string[], parents: readonly string[], emit: (text: string) => void): void {
	let together: string[] = [];
	let length = 0;
	const flush = () => {
		if (together.length > 0) emit([...parents, ...together].join('\n'));
		together = [];
		length = 0;
	};
	for (const member of membersOf(lines)) {
		const size = member.reduce((sum, line) => sum + line.length + 1, 0);
		if (length + size > LONG_PART) flush();
		const key = member.findIndex((line) => !isComment(line));
		const rest = member.filter((_, place) => place !== key);
		if (size > LONG_PART && key >= 0 && rest.length > 0 && parents.length < MOST_PARENTS) {
			cut(rest, [...parents, (member[key] ?? '').slice(0, LONGEST_PARENT)], emit);
		} else {
			together.push(...member);
			length += size;
		}
	}
	flush();
}

/** Each begins with a line of the least depth, and with the comments right above it. */
function membersOf(lines: readonly string[]): string[][] {
	const least = lines.reduce(
		(depth, line) => (isComment(line) ? depth : Math.min(depth, depthOf(line))),
		Infinity,
	);
	const members: string[][] = [];
	let comments: string[] = [];
	for (const line of lines) {
		if (isComment(line)) {
			comments.push(line);
			continue;
		}
		const member = members.at(-1);
		if (member === undefined || depthOf(line) <= least) members.push([...comments, line]);
		else member.push(...comments, line);
		comments = [];
	}
	if (comments.length > 0) members.push(comments);
	return members;
}

const isComment = (line: string) => line.trimStart().startsWith('#');

/** An element of a list may stand as far left as the key that it belongs to. */
function depthOf(line: string): number {
	const text = line.trimStart();
	return (line.length - text.length) * 2 + (text.startsWith('- ') || text === '-' ? 1 : 0);
}
