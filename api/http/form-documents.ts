/**
 * Which documents a form asks for: those of its manifest, in its order, then each file that no document of the manifest
 * took, called by its name. Called by upload-routes.ts alone.
 */
import type { FastifyRequest } from 'fastify';
import type { DocumentInput } from '../contract/document-schema.ts';
import { mimeTypeOf } from '../contract/file-types.ts';
import { limits } from '../contract/limits.ts';
import { toldType } from '../contract/told-type.ts';
import { type FormQuery, ManifestDocument, ManifestEnvelope } from '../contract/upload-schema.ts';
import { refusalOf } from '../domain/index.ts';
import { DocDropError, isDocDropError } from '../errors.ts';
import type { Checked, Sent } from '../pipeline/accept/index.ts';
import type { Pipeline } from '../pipeline/index.ts';
import { checkDocument } from './access.ts';
import type { Form, FormFile } from './form-reader.ts';
import { refusedBy } from './refused-by.ts';
import { toDocument } from './to-document.ts';
import { createCheck } from './validation.ts';
import { waiting } from './waiting-options.ts';

export interface FormDocument extends Sent {
	/** Name of its file; null where it came in none. */
	readonly file: string | null;
}

/** How a document waits, and whose it is, where the manifest does not say. */
export type FormDefaults = FormQuery & { readonly tenant: string };

interface Files {
	readonly all: readonly FormFile[];
	/** Places of those that a document of the manifest took. */
	readonly taken: Set<number>;
}

const checkEnvelope = createCheck<{ documents: unknown[] } & Omit<FormQuery, 'tenant'>>(ManifestEnvelope);
const toManifestDocument = createCheck<ManifestDocument>(ManifestDocument);

/** Throws what is wrong with the form as a whole. */
export function readFormDocuments(
	form: Form,
	defaults: FormDefaults,
	request: FastifyRequest,
	pipeline: Pick<Pipeline, 'check' | 'checkReceived'>,
): FormDocument[] {
	const files: Files = { all: form.files, taken: new Set() };
	const { documents, ...own } = manifestOf(form, request);
	const wait = { ...defaults, ...own };
	const found = documents.map((raw, index) =>
		fromManifest(raw, `documents/${index}`, { files, defaults: wait, request, pipeline }),
	);
	for (const [place, file] of files.all.entries()) {
		if (files.taken.has(place)) continue;
		const sent = { tenant: defaults.tenant, docId: file.name };
		const checked = attempt(sent, request, () => checkFile(sent, file, `files/${place}`, request, pipeline));
		found.push({ checked, options: waiting(wait), file: file.name });
	}
	if (found.length === 0)
		throw new DocDropError('invalid', 'file must stand at least once in a form', { field: 'file' });
	if (found.length > limits.batchDocuments) {
		const message = `documents must have at most ${limits.batchDocuments} items with the files beside the manifest, got ${found.length}`;
		throw new DocDropError('invalid', message, { field: 'documents' });
	}
	return found;
}

function manifestOf({ manifest }: Form, request: FastifyRequest): ReturnType<typeof checkEnvelope> {
	if (manifest === null) return { documents: [] };
	return checkEnvelope(parseStrictly(manifest, request), 'manifest');
}

/** As bodies are: without the names by which JSON could reach into objects that it does not own. */
function parseStrictly(text: string, request: FastifyRequest): unknown {
	const parsed: { readonly value: unknown }[] = [];
	const parse = request.server.getDefaultJsonParser('error', 'error');
	void parse(request, text, (error, value) => void (error === null && parsed.push({ value })));
	const [one] = parsed;
	if (one !== undefined) return one.value;
	throw new DocDropError(
		'invalid',
		'manifest must be well-formed JSON without the names __proto__ and constructor.prototype',
		{ field: 'manifest' },
	);
}

interface Deps {
	readonly files: Files;
	readonly defaults: FormDefaults;
	readonly request: FastifyRequest;
	readonly pipeline: Pick<Pipeline, 'check' | 'checkReceived'>;
}

function fromManifest(raw: unknown, where: string, deps: Deps): FormDocument {
	const { files, defaults, request, pipeline } = deps;
	// Also of a document that is refused: its file must not become another one.
	const part = partOf(raw);
	const file = part === null ? null : takeFile(part, files);
	const unsaid = { tenant: defaults.tenant, ...(file !== null && { docId: file.name }) };
	let options = waiting(defaults);
	const checked = attempt({ ...unsaid, ...(raw as object | null) }, request, () => {
		const { priority, coalesced, content, ...fields } = toManifestDocument(raw, where);
		options = waiting({
			...defaults,
			...(priority && { priority }),
			...(coalesced !== undefined && { coalesced }),
		});
		const sent = { ...unsaid, ...fields };
		if (content === undefined || !('part' in content)) {
			const document = toDocument({ ...sent, ...(content !== undefined && { content }) }, where);
			checkDocument(request, document);
			return pipeline.check(document);
		}
		if (file === null) {
			const field = `${where}/content/part`;
			const message = `${field} must name a file of the form, got ${JSON.stringify(content.part)}`;
			throw new DocDropError('invalid', message.toWellFormed(), { field });
		}
		return checkFile(sent, file, where, request, pipeline);
	});
	return { checked, options, file: file?.name ?? null };
}

/** The file that a document of the manifest names, as far as that can be read. */
function partOf(raw: unknown): string | number | null {
	const part = (raw as { content?: { part?: unknown } } | null)?.content?.part;
	return typeof part === 'string' || typeof part === 'number' ? part : null;
}

/** By place, or the first of the name that is left; null where there is none. */
function takeFile(part: string | number, { all, taken }: Files): FormFile | null {
	const place =
		typeof part === 'number' ? part : all.findIndex(({ name }, at) => name === part && !taken.has(at));
	const file = taken.has(place) ? undefined : all[place];
	if (file === undefined) return null;
	taken.add(place);
	return file;
}

function checkFile(
	sent: object,
	file: FormFile,
	where: string,
	request: FastifyRequest,
	pipeline: Pick<Pipeline, 'checkReceived'>,
): Checked {
	const document = toDocument(sent, where);
	if (document.docId === file.name) checkName(file, where);
	checkDocument(request, document);
	if (isDocDropError(file.content)) return refusalOf(file.content, document);
	return pipeline.checkReceived({ ...document, ...typeOf(document, file) }, file.content);
}

/** Bytes that are not of the charset were replaced: two files could have one name. */
function checkName({ name }: FormFile, where: string): void {
	if (!name.includes('\ufffd')) return;
	const field = `${where}/file`;
	throw new DocDropError('invalid', `${field} must have a name in UTF-8`, { field });
}

/**
 * What the document says goes first, then its name and that of the file, then what the sender calls it: a form's client
 * has made that of the file's name, by a table of its machine. The charset is nobody else's word.
 */
function typeOf({ mimeType, path, docId }: DocumentInput, file: FormFile): { readonly mimeType?: string } {
	const [, parameters = ''] = /^[^;]*(;.*)$/s.exec(file.mimeType) ?? [];
	const named = mimeType ?? mimeTypeOf(path ?? docId) ?? mimeTypeOf(docId) ?? mimeTypeOf(file.name);
	const told = named === null ? toldType(file.mimeType, file.name, 'file') : `${named}${parameters}`;
	return told === null ? {} : { mimeType: told };
}

/** The refusal in the place of the document; throws what is no error of the table. */
function attempt(sent: unknown, request: FastifyRequest, check: () => Checked): Checked {
	try {
		return check();
	} catch (error) {
		return refusedBy(request, sent, error);
	}
}
