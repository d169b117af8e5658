/**
 * A form with files, part by part: files are stored as they come, fields are kept. Called by upload-routes.ts alone.
 *
 * A file that cannot be taken is read to its end all the same, and its error stands in its place. What is wrong with
 * the form itself is thrown: nothing of it is taken then.
 */
import type { MultipartFile, MultipartValue } from '@fastify/multipart';
import { isUtf8 } from 'node:buffer';
import type { FastifyRequest } from 'fastify';
import { limits } from '../contract/limits.ts';
import type { ChangeContent } from '../domain/index.ts';
import { DocDropError, isDocDropError } from '../errors.ts';
import type { Pipeline } from '../pipeline/index.ts';
import { createFormFrame, type FormFrame } from './form-frame.ts';

export type Upload = Awaited<ReturnType<Pipeline['openUpload']>>;

export interface FormFile {
	/** As it was sent, without folders. */
	readonly name: string;
	/** What the sender calls it, with parameters; of a part without a type, text/plain. */
	readonly mimeType: string;
	readonly content: ChangeContent | DocDropError;
}

export interface Form {
	readonly fields: Map<string, string>;
	readonly files: FormFile[];
	/** JSON, as text; null where there is none. */
	manifest: string | null;
}

/** Of the form's parser. Room for one file more than there may be, so that it is told in our words. */
export const parserLimits = {
	files: limits.batchDocuments + 1,
	fields: limits.formFields,
	fieldSize: limits.formFieldBytes,
	parts: limits.batchDocuments + limits.formFields + 1,
	// form-frame.ts is stricter, and says so.
	headerSize: limits.partHeaderBytes * 2,
	// The pipeline knows how large a document may be.
	fileSize: Infinity,
};

const manifestName = 'manifest';

/** The manifest is read as a file is, with or without a name of its own. */
export const isPartAFile = (
	field: string | undefined,
	type: string | undefined,
	name: string | undefined,
): boolean => field === manifestName || type === 'application/octet-stream' || name !== undefined;

const invalid = (field: string, message: string) =>
	new DocDropError('invalid', `${field} ${message}`, { field });
const tooLarge = (field: string, message: string) =>
	new DocDropError('too_large', `${field} ${message}`, { field });

export async function readForm(request: FastifyRequest, upload: Pick<Upload, 'receive'>): Promise<Form> {
	const { raw } = request;
	const frame = createFormFrame(boundaryOf(request));
	const form: Form = { fields: new Map(), files: [], manifest: null };
	// The form's parser would wait for a connection that is gone already.
	if (raw.destroyed) throw cutOff();
	raw.on('data', frame.push);
	let parts = 0;
	try {
		for await (const part of request.parts()) {
			frame.check();
			parts += 1;
			if (part.type === 'field') takeField(part, form);
			else if (part.fieldname === manifestName) await takeManifest(part, form, frame);
			else await takeFile(part, form, { frame, upload, part: parts });
		}
		frame.check();
		frame.checkEnd(parts);
		return form;
	} catch (error) {
		throw inOurWords(error);
	} finally {
		raw.off('data', frame.push);
		// What is left of it is read to its end: the caller would not come to read the answer else.
		raw.unpipe();
		raw.resume();
	}
}

function boundaryOf({ headers }: FastifyRequest): string {
	const found = /;\s*boundary=(?:"([^"]*)"|([^\s;"]*))/i.exec(headers['content-type'] ?? '');
	const boundary = found?.[1] ?? found?.[2] ?? '';
	if (/^[\w'()+,\-./:=? ]{1,70}$/.test(boundary)) return boundary;
	throw invalid('content-type', 'must name a boundary of 1 to 70 letters, digits and marks');
}

function takeField({ fieldname, value, valueTruncated }: MultipartValue, { fields }: Form): void {
	const field = String(fieldname);
	if (valueTruncated) throw tooLarge(shown(field), `must be at most ${limits.formFieldBytes} bytes`);
	if (fields.has(field)) throw invalid(shown(field), 'must be given once');
	fields.set(field, typeof value === 'string' ? value : JSON.stringify(value));
}

async function takeManifest({ file }: MultipartFile, form: Form, frame: FormFrame): Promise<void> {
	if (form.manifest !== null) throw invalid(manifestName, 'must be given once');
	const pieces: Uint8Array[] = [];
	let size = 0;
	for await (const piece of watched(file, frame)) {
		size += piece.byteLength;
		if (size > limits.manifestBytes)
			throw tooLarge(manifestName, `must be at most ${limits.manifestBytes} bytes`);
		pieces.push(piece);
	}
	const bytes = Buffer.concat(pieces);
	if (!isUtf8(bytes)) throw invalid(manifestName, 'must be UTF-8');
	form.manifest = bytes.toString();
}

async function takeFile(
	{ file, filename, mimetype }: MultipartFile,
	{ files }: Form,
	{
		frame,
		upload,
		part,
	}: {
		readonly frame: FormFrame;
		readonly upload: Pick<Upload, 'receive'>;
		readonly part: number;
	},
): Promise<void> {
	if (files.length >= limits.batchDocuments)
		throw tooLarge('file', `must stand at most ${limits.batchDocuments} times in a form`);
	let content: ChangeContent | DocDropError;
	try {
		content = await upload.receive(watched(file, frame));
	} catch (error) {
		frame.check();
		if (!isDocDropError(error)) throw error;
		content = error;
		file.resume();
	}
	const name = nameOf(filename);
	// A page's form that nobody chose a file in sends one without name and content.
	if (name === '' && !isDocDropError(content) && content.size === 0) return;
	// The parser leaves out the parameters. The frame has read them by now, which it may not have where the part began.
	files.push({ name, mimeType: frame.contentTypeOf(part) ?? mimetype, content });
}

/** The parser has taken folders away; a drive without one is left. */
const nameOf = (filename: string | undefined) => (filename ?? '').replace(/^[A-Za-z]:/, '').toWellFormed();

async function* watched(file: MultipartFile['file'], frame: FormFrame): AsyncGenerator<Uint8Array> {
	// Destroyed, it would end the form: the files after it would be lost.
	for await (const piece of file.iterator({ destroyOnReturn: false })) {
		frame.check();
		yield piece as Uint8Array;
	}
}

const shown = (field: string) => field.slice(0, 100).toWellFormed();

const cutOff = () => invalid('body', 'must be whole, but the connection ended');

/** What the form's parser says. */
function inOurWords(error: unknown): unknown {
	if (isDocDropError(error)) return error;
	const { code, message } = error as { code?: string; message?: string };
	switch (code) {
		case 'FST_PARTS_LIMIT':
			return tooLarge('body', `must be at most ${parserLimits.parts} parts`);
		case 'FST_FILES_LIMIT':
			return tooLarge('file', `must stand at most ${limits.batchDocuments} times in a form`);
		case 'FST_FIELDS_LIMIT':
			return tooLarge('body', `must be at most ${limits.formFields} fields beside the files`);
		case 'FST_PROTO_VIOLATION':
			return invalid('body', 'must not hold a part that is called as a part of every object is');
		case 'FST_INVALID_JSON_FIELD_ERROR':
			return invalid('body', 'must hold well-formed JSON where a field says that it is JSON');
		case 'FST_MP_PREMATURE_CLOSE':
		case 'ERR_STREAM_PREMATURE_CLOSE':
		case 'ECONNRESET':
			return cutOff();
		default:
			return message === undefined || !/unexpected end|terminated early/i.test(message)
				? error
				: invalid('body', 'must end with the boundary that content-type names');
	}
}
