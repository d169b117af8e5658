/**
 * The tree that officeparser makes of a document, as blocks. A node's text is gathered from its children and never
 * read from the copy of it that the node carries: tables and lists would stand in it twice.
 */
import type { ListMetadata, OfficeContentNode } from 'officeparser';
import type { Block } from '../../chunking/index.ts';
import { oneLine } from './one-line.ts';

interface Walk {
	readonly blocks: Block[];
	/** Of the slide at hand. */
	page: number | null;
	/** Every reference to a footnote leads to the same node; it is told once. */
	readonly seenNotes: Set<OfficeContentNode>;
	/** Those of the block at hand, which stand after it. */
	notes: OfficeContentNode[];
}

type Kind = Pick<Block, 'kind' | 'level'>;

/** They stand within a line; everything else is a block, or holds blocks. */
const INLINE: ReadonlySet<OfficeContentNode['type']> = new Set(['text', 'break', 'image', 'chart', 'embed']);

const DEEPEST_LIST = 8;

const PARAGRAPH: Kind = { kind: 'paragraph' };

export function officeBlocks(content: readonly OfficeContentNode[]): Block[] {
	const walk: Walk = { blocks: [], page: null, seenNotes: new Set(), notes: [] };
	addNodes(walk, content, PARAGRAPH);
	return walk.blocks;
}

function addNodes(walk: Walk, nodes: readonly OfficeContentNode[], kind: Kind): void {
	let line: string[] = [];
	const flush = () => {
		addBlock(walk, kind, line.join(''));
		line = [];
	};
	for (const node of nodes) {
		if (isInline(node)) {
			line.push(inlineText(walk, node));
			continue;
		}
		flush();
		addNode(walk, node, kind);
	}
	flush();
}

function addNode(walk: Walk, node: OfficeContentNode, around: Kind): void {
	switch (node.type) {
		case 'slide':
			walk.page = node.metadata?.slideNumber ?? walk.page;
			return addHolder(walk, node, PARAGRAPH);
		case 'table':
			for (const row of node.children ?? []) addRow(walk, row);
			return addNotes(walk, node);
		case 'heading':
			return addHolder(walk, node, { kind: 'heading', level: node.metadata?.level ?? 1 });
		case 'list':
			return addHolder(walk, node, listKind(node.metadata));
		case 'code':
			if (node.metadata?.math === undefined) return addHolder(walk, node, { kind: 'code' });
			return addHolder(walk, node, PARAGRAPH);
		case 'paragraph':
			// A paragraph within an item goes on with it.
			return addHolder(walk, node, around.kind === 'item' ? around : PARAGRAPH);
		default:
			return addHolder(walk, node, PARAGRAPH);
	}
}

/** OpenDocument numbers its headings by a list around them. */
function listKind(metadata: (ListMetadata & { readonly level?: number }) | undefined): Kind {
	if (metadata?.level !== undefined) return { kind: 'heading', level: metadata.level };
	const depth = metadata?.indentation ?? 0;
	// RTF gives some of them in twentieths of a point.
	return { kind: 'item', level: depth > DEEPEST_LIST ? 1 : depth + 1 };
}

function addHolder(walk: Walk, node: OfficeContentNode, kind: Kind): void {
	const { children = [], text } = node;
	if (children.length > 0) addNodes(walk, children, kind);
	else addBlock(walk, kind, text ?? '');
	addNotes(walk, node);
}

function addRow(walk: Walk, row: OfficeContentNode): void {
	const cells = (row.children ?? []).map((cell) => oneLine(flatText(walk, cell)));
	if (cells.every((cell) => cell === '')) return;
	addBlock(walk, { kind: 'row' }, cells.join(' | '));
}

/** All text of a node as one line, for a cell: what is a block within it is set apart by a space. */
function flatText(walk: Walk, node: OfficeContentNode): string {
	if (isInline(node)) return inlineText(walk, node);
	const parts = (node.children ?? []).map((child) => flatText(walk, child));
	keepNotes(walk, node);
	const text = parts.length > 0 ? parts.join('') : (node.text ?? '');
	return ` ${text} `;
}

function inlineText(walk: Walk, node: OfficeContentNode): string {
	keepNotes(walk, node);
	switch (node.type) {
		case 'break':
			return '\n';
		case 'image':
			return node.metadata?.altText === undefined ? '' : ` ${node.metadata.altText} `;
		default:
			return node.text ?? '';
	}
}

const isInline = (node: OfficeContentNode) =>
	INLINE.has(node.type) || (node.type === 'code' && node.metadata?.math === 'inline');

function keepNotes(walk: Walk, node: OfficeContentNode): void {
	for (const note of node.notes ?? []) {
		if (walk.seenNotes.has(note)) continue;
		walk.seenNotes.add(note);
		walk.notes.push(note);
	}
}

/** A slide's own notes follow the slide; footnotes the block that refers to them. */
function addNotes(walk: Walk, node: OfficeContentNode): void {
	keepNotes(walk, node);
	const { notes } = walk;
	walk.notes = [];
	for (const note of notes) addHolder(walk, note, PARAGRAPH);
}

function addBlock(walk: Walk, kind: Kind, line: string): void {
	const text = kind.kind === 'code' ? line.trimEnd() : lineText(line);
	if (text.trim() === '') return;
	const block: Block = { ...kind, text: kind.kind === 'heading' ? text.replace(/\s+/g, ' ') : text };
	walk.blocks.push(walk.page === null ? block : { ...block, page: walk.page });
}

const lineText = (line: string) =>
	line
		.replace(/(?:[^\S\n]|[\x00-\x08\x0e-\x1f\x7f])+/g, ' ')
		.replace(/ ?\n ?/g, '\n')
		.trim();
