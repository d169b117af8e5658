/**
 * What a Word document takes in from parts of other types when it is opened (altChunk): programs that make documents of
 * web pages write nothing else. Each stands where the document names it.
 */
import PostalMime from 'postal-mime';
import type { Block } from '../../chunking/index.ts';
import { settleCharsets } from './eml-charset.ts';
import { extractHtml } from './html.ts';
import { bodyBlocks } from './mail.ts';
import { textDocument } from './text.ts';
import type { ZipParts } from './zip-parts.ts';

const RELATIONS = 'word/_rels/document.xml.rels';
/** Of private use, so that no text has them. */
const BEGIN = '\ue0f4';
const END = '\ue0f5';
const NAMED = new RegExp(`^${BEGIN}([^${END}]*)${END}$`);
const MOST = 50;
const WARNING = 'a document within it was not read';

const TAGS = /<(\/?)w:altChunk(?=[\s/>])([^>]*)>/g;

/** The document with a paragraph where something is taken in. */
export function withMarkedImports(document: string): string {
	let marks = 0;
	return document.replace(TAGS, (_tag, slash: string, attributes: string) => {
		const id = /\sr:id="([^"<>&]{1,80})"/.exec(attributes)?.[1];
		if (slash === '/' || id === undefined || marks > MOST) return '';
		marks += 1;
		return `<w:p><w:r><w:t>${BEGIN}${id}${END}</w:t></w:r></w:p>`;
	});
}

/** The blocks with those of what is taken in. */
export async function withImports(
	blocks: readonly Block[],
	parts: ZipParts,
): Promise<{ readonly blocks: Block[]; readonly warnings: readonly string[] }> {
	const all: Block[] = [];
	/** By their names; each is taken in once. */
	const imports = new Set<string>();
	let isMissing = false;
	for (const block of blocks) {
		const id = NAMED.exec(block.text)?.[1];
		if (id === undefined) {
			all.push(block);
			continue;
		}
		if (imports.has(id)) continue;
		imports.add(id);
		const found = imports.size > MOST ? null : await importOf(id, parts);
		isMissing ||= found === null;
		for (const one of found ?? []) all.push(one);
	}
	return { blocks: all, warnings: isMissing ? [WARNING] : [] };
}

/** Null where it is not there, or of a type that is not taken in here. */
async function importOf(id: string, parts: ZipParts): Promise<readonly Block[] | null> {
	const relations = parts.read(RELATIONS)?.toString('utf8') ?? '';
	const relation = relations.split('<Relationship ').find((one) => one.includes(`Id="${id}"`));
	const target = /\bTarget="([^"]*)"/.exec(relation ?? '')?.[1] ?? '';
	const bytes = parts.read(target.startsWith('/') ? target.slice(1) : `word/${target}`);
	if (bytes === null) return null;
	const head = bytes.toString('latin1', 0, 1_024).replace(/^\xef\xbb\xbf/, '');
	if (/^\s*(?:MIME-Version|From|Subject|Date|Content-[\w-]+|X-[\w-]+)\s*:/i.test(head)) {
		const parser = new PostalMime();
		settleCharsets(parser);
		const { html = null, text = null } = await parser.parse(bytes);
		return bodyBlocks(html, text);
	}
	if (/^\s*</.test(head)) return extractHtml(bytes, 'text/html').blocks;
	return /\.txt$/i.test(target) ? textDocument(bytes.toString('utf8')).blocks : null;
}
