import { limits } from '../../contract/limits.ts';
import { hash } from 'node:crypto';
import { docIdFault } from '../../contract/doc-id-fault.ts';
import type { DocumentInput } from '../../contract/document-schema.ts';
import { isPicture, isTextType, mimeTypeNamed } from '../../contract/file-types.ts';
import { saysNothing } from '../../contract/told-type.ts';
import { asideOf, reservedMetadata } from '../../contract/stored-fields.ts';
import {
	type ChangeContent,
	type DocMeta,
	NEEDS_OCR,
	type Refused,
	refusalOf,
	unwantedError,
	writeMeta,
	writePatch,
} from '../../domain/index.ts';
import { DocDropError, isDocDropError } from '../../errors.ts';
import type { ContentRoom } from './content-rooms.ts';

/**
 * What the schema cannot say of a document that is sent, and what follows from its fields: its type, its size limit
 * and its canonical form. Pure.
 */
export interface CheckSettings {
	readonly maxFileBytes: number;
	/** Of types that are not `streamable`. */
	readonly maxBufferedBytes: number;
	readonly streamable: readonly string[];
	readonly mimeTypes: readonly string[];
	/** Whether files of any other type are taken as well: somebody outside is asked for them. */
	readonly takesOthers?: boolean;
	/** Types that the operator does not want, and the setting that says so. */
	readonly refusedTypes: Pick<ReadonlyMap<string, string>, 'get'>;
	readonly mimeTypeOf: (path: string) => string | null;
}

/** A document without its content. */
export type DocumentFields = Omit<DocumentInput, 'content'>;

/** A document whose fields hold together, with its bytes; null where they are stored already, and where it has none. */
export interface Normalised {
	readonly input: DocumentFields;
	readonly op: 'put' | 'delete' | 'patch';
	readonly meta: string;
	readonly mimeType: string;
	readonly bytes: string | Uint8Array | null;
	readonly size: number;
	readonly sha256: string;
}

/** The same of one whose bytes were received, and stored, before anybody knew which document they are. */
export interface Received extends Omit<Normalised, 'bytes'> {
	readonly stored: ChangeContent;
}

/** A document that was checked: fit, or refused, with a receipt where its name is known. */
export type Checked = Normalised | Received | Refused | DocDropError;

export interface SizeLimit {
	readonly bytes: number;
	/** Why it is not the limit of all documents. */
	readonly why: string;
}

/** Owner, and only epoch, of what is written without a source. */
export const apiSource = 'api';

const maxMetadataBytes = limits.metadataBytes;
const maxMetadataDepth = 32;
/** As what a file goes to whoever is asked outside, where nobody knows its type. */
const anyBytes = 'application/octet-stream';
const metadataName = /^[^\p{Cc}]{1,128}$/u;

const invalid = (field: string, message: string) =>
	new DocDropError('invalid', `${field} ${message}`, { field });

export const tooLarge = ({ bytes, why }: SizeLimit, got = '') =>
	new DocDropError('too_large', `content must be at most ${bytes} bytes${why}${got}`, { field: 'content' });

/** As `normalise`, with what is wrong in the place of the document. */
export function check(document: DocumentInput, settings: CheckSettings, room?: ContentRoom): Checked {
	try {
		return normalise(document, settings, room);
	} catch (error) {
		if (!isDocDropError(error)) throw error;
		return refusalOf(error, document);
	}
}

/** As `check`, of a document whose bytes are stored. They must be those that it declares, where it does. */
export function checkReceived(
	input: DocumentFields,
	content: ChangeContent,
	settings: CheckSettings,
): Checked {
	try {
		if (input.op === 'delete' || input.op === 'patch')
			throw invalid('content', `must be absent when op is ${input.op}`);
		const described = normaliseFields(input, settings);
		checkSize(content.size, described.mimeType, settings);
		const { sha256 = content.sha256 } = input;
		if (sha256 !== content.sha256) {
			throw invalid(
				'sha256',
				`must be the hash of the bytes, got ${sha256} for bytes with ${content.sha256}`,
			);
		}
		return { ...described, size: content.size, sha256, stored: content };
	} catch (error) {
		if (!isDocDropError(error)) throw error;
		return refusalOf(error, input);
	}
}

/**
 * Checks one document that passed the schema. Throws `invalid`, `too_large` or `unsupported_type`. `room`: of one of
 * many, where its bytes wait.
 */
export function normalise(document: DocumentInput, settings: CheckSettings, room?: ContentRoom): Normalised {
	const { content, ...input } = document;
	checkIdentity(input);
	for (const field of ['title', 'path'] as const) {
		if (input[field]?.isWellFormed() === false) throw invalid(field, 'must be well-formed Unicode');
	}
	if (input.op === 'delete') {
		if (content !== undefined) throw invalid('content', 'must be absent when op is delete');
		return { input, op: 'delete', meta: '', mimeType: '', bytes: null, size: 0, sha256: '' };
	}
	if (input.op === 'patch') return normalisePatch(input, content);
	if (content === undefined) throw invalid('content', 'is required when op is put');
	checkMetadata(input.metadata);
	const sent = bytesOf(content);
	const bytes = room === undefined ? sent : room.take(sent);
	const described = describe(input, 'text' in content, settings);
	const size = Buffer.byteLength(bytes);
	checkSize(size, described.mimeType, settings);
	return { ...described, bytes, size, sha256: hash('sha256', bytes, 'hex') };
}

/** What else a document has follows from its content, and comes with it alone. */
const notPatched = ['sha256', 'mimeType', 'charset', 'title', 'path', 'previous'] as const;

function normalisePatch(input: DocumentFields, content: DocumentInput['content']): Normalised {
	if (content !== undefined) throw invalid('content', 'must be absent when op is patch');
	for (const field of notPatched) {
		if (input[field] !== undefined)
			throw invalid(field, 'must be absent when op is patch, which changes metadata alone');
	}
	const { metadata } = input;
	if (metadata === undefined || Object.keys(metadata).length === 0)
		throw invalid('metadata', 'must have at least one name when op is patch');
	checkMetadata(metadata);
	const meta = writePatch(movedAside(metadata));
	return { input, op: 'patch', meta, mimeType: '', bytes: null, size: 0, sha256: '' };
}

function checkSize(size: number, mimeType: string, settings: CheckSettings): void {
	const limit = sizeLimitOf(mimeType, settings);
	if (size > limit.bytes) throw tooLarge(limit, `, got ${size}`);
}

/** As `normalise`, of a put whose bytes are still to come: they bring size and hash with them. */
export function normaliseFields(input: DocumentFields, settings: CheckSettings) {
	checkIdentity(input);
	checkMetadata(input.metadata);
	return describe(input, false, settings);
}

function describe(input: DocumentFields, isText: boolean, settings: CheckSettings) {
	const mimeType = mimeTypeFor(input, isText, settings);
	checkWanted(mimeType, settings);
	const meta: DocMeta = {
		mimeType,
		path: input.path ?? null,
		title: input.title ?? null,
		charset: charsetFor(input, isText, mimeType),
		metadata: movedAside(input.metadata ?? {}),
	};
	return { input, op: 'put' as const, meta: writeMeta(meta), mimeType };
}

/**
 * As it is declared; what comes as Unicode text is in UTF-8, whatever it says of itself. UTF-8 is tried first in any
 * case, and is worth a word only to files that may name another charset.
 */
function charsetFor(
	{ charset, mimeType: declared }: DocumentFields,
	isText: boolean,
	mimeType: string,
): string | null {
	const namesItself = mimeType.includes('html') || mimeType.includes('xml');
	const given = charset === undefined ? null : standardName(charset);
	if (charset !== undefined && given === null)
		throw invalid(
			'charset',
			`must be the name of a charset such as windows-1251, got ${JSON.stringify(charset)}`,
		);
	const found = isText ? 'utf-8' : (given ?? parameterOf(declared));
	return found === 'utf-8' && !namesItself ? null : found;
}

function parameterOf(declared: string | undefined): string | null {
	const label = /;\s*charset\s*=\s*["']?([\w.:-]{1,40})/i.exec(declared ?? '')?.[1];
	// Most declare none, and to ask for the decoder of nothing throws.
	return label === undefined ? null : standardName(label);
}

/** Null for what is no charset, and for ASCII, which is declared where nobody has looked. */
function standardName(label: string): string | null {
	try {
		return /ascii/i.test(label) ? null : new TextDecoder(label.trim()).encoding;
	} catch {
		return null;
	}
}

/** What can be read, but was ruled out. */
function checkWanted(mimeType: string, { refusedTypes }: CheckSettings): void {
	const setting = refusedTypes.get(mimeType);
	if (setting === undefined) return;
	throw unwantedError(mimeType, setting);
}

/** What a followed folder, which no schema stands before, could get wrong too. */
function checkIdentity({ op, tenant, docId, source, previous }: DocumentFields): void {
	checkDocId('docId', docId);
	if (previous !== undefined) {
		if (op === 'delete') throw invalid('previous', 'must be absent when op is delete');
		checkDocId('previous/docId', previous.docId);
		if (previous.docId === docId && (previous.tenant ?? tenant) === tenant)
			throw invalid('previous', 'must name another document than docId does');
	}
	// Its order is the order of arrival: an epoch of its own would make every later write without a source stale.
	if (source?.sourceId === apiSource) {
		throw invalid('source/sourceId', `must not be ${JSON.stringify(apiSource)}, which means no source`);
	}
}

function checkDocId(field: string, docId: string): void {
	const fault = docIdFault(docId);
	if (fault !== null) throw invalid(field, fault);
}

function checkMetadata(metadata: Readonly<Record<string, unknown>> | undefined): void {
	if (metadata === undefined) return;
	if (!Object.keys(metadata).every((name) => metadataName.test(name))) {
		throw invalid('metadata', 'must have names of 1 to 128 characters without control characters');
	}
	// With a stack of its own, because what comes after this check recurses.
	const open: Nested[] = [{ name: 'metadata', within: null, value: metadata, depth: 1 }];
	for (let item = open.pop(); item !== undefined; item = open.pop()) {
		if (typeof item.value === 'string' && !item.value.isWellFormed()) {
			throw invalid('metadata', 'must be well-formed Unicode');
		}
		if (typeof item.value === 'number') checkNumber(item, item.value);
		if (typeof item.value !== 'object' || item.value === null) continue;
		if (item.depth > maxMetadataDepth)
			throw invalid('metadata', `must be at most ${maxMetadataDepth} levels deep`);
		for (const [name, value] of Object.entries(item.value)) {
			if (!name.isWellFormed()) throw invalid('metadata', 'must be well-formed Unicode');
			if (name === '__proto__') throw invalid('metadata', 'must not hold the name __proto__');
			open.push({ name, within: item, value, depth: item.depth + 1 });
		}
	}
	const bytes = Buffer.byteLength(JSON.stringify(metadata));
	if (bytes > maxMetadataBytes)
		throw invalid('metadata', `must be at most ${maxMetadataBytes} bytes of JSON, got ${bytes}`);
}

/** A value in the metadata, and where it stands. */
interface Nested {
	readonly name: string;
	readonly within: Nested | null;
	readonly value: unknown;
	readonly depth: number;
}

const fieldOf = ({ name, within }: Nested): string => (within === null ? name : `${fieldOf(within)}/${name}`);

/** What JSON writes as a longer whole number has lost its last digits when it comes here, and 1e999 is Infinity. */
function checkNumber(at: Nested, value: number): void {
	if (Number.isFinite(value) && !(Number.isInteger(value) && !Number.isSafeInteger(value))) return;
	const field = fieldOf(at);
	const got = Number.isFinite(value) ? `one that reads as ${BigInt(value)}` : 'a larger one than there is';
	throw new DocDropError(
		'invalid',
		`${field} must be a number that is kept exactly, a whole one of at most ${Number.MAX_SAFE_INTEGER}, got ${got}`,
		{ field, hint: 'Send the number as a text, in quotes.' },
	);
}

/**
 * The caller's metadata lies beside our own fields in the index. A name that is one of ours is kept under another one,
 * so that what a loader gives (`title`, `page`, `path`) needs no renaming before it is sent.
 */
function movedAside(metadata: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
	const taken = reservedMetadata.filter((name) => Object.hasOwn(metadata, name));
	if (taken.length === 0) return metadata;
	const twice = taken.find((name) => Object.hasOwn(metadata, asideOf(name)));
	if (twice !== undefined) {
		const aside = asideOf(twice);
		throw invalid(
			`metadata/${aside}`,
			`must be absent where metadata/${twice} is given, which is kept there`,
		);
	}
	return Object.fromEntries(
		Object.entries(metadata).map(([name, value]) => [taken.includes(name) ? asideOf(name) : name, value]),
	);
}

function mimeTypeFor(
	{ mimeType: declared, path, docId }: DocumentFields,
	isText: boolean,
	{ mimeTypes, mimeTypeOf, takesOthers = false }: CheckSettings,
): string {
	const declaredType = declared?.split(';')[0]?.trim().toLowerCase() ?? anyBytes;
	const named = saysNothing(declaredType) ? null : (mimeTypeNamed(declaredType) ?? declaredType);
	const guessed = named ?? mimeTypeOf(path ?? docId) ?? mimeTypeOf(docId);
	// The text of a PDF goes by the PDF's name.
	const isOther = guessed === null || (named === null && !isTextType(guessed));
	const mimeType = isText && isOther ? 'text/plain' : (guessed ?? (takesOthers ? anyBytes : null));
	const unsupported = (message: string) =>
		new DocDropError('unsupported_type', message, {
			field: 'mimeType',
			...(mimeType !== null && isPicture(mimeType) && { hint: NEEDS_OCR }),
		});
	if (mimeType === null)
		throw unsupported('mimeType is missing, and the ending of path or docId does not tell it');
	if (!takesOthers && !mimeTypes.includes(mimeType))
		throw unsupported(`mimeType must be one of ${mimeTypes.join(', ')}, got ${JSON.stringify(mimeType)}`);
	return mimeType;
}

/** A type that cannot be streamed is buffered in memory. */
export function sizeLimitOf(mimeType: string, settings: CheckSettings): SizeLimit {
	const { maxFileBytes, maxBufferedBytes, streamable } = settings;
	return maxBufferedBytes < maxFileBytes && !streamable.includes(mimeType)
		? { bytes: maxBufferedBytes, why: ` of ${mimeType}, which is read as a whole` }
		: { bytes: maxFileBytes, why: '' };
}

function bytesOf(content: NonNullable<DocumentInput['content']>): string | Uint8Array {
	if ('text' in content) {
		if (!content.text.isWellFormed()) throw invalid('content/text', 'must be well-formed Unicode');
		return content.text;
	}
	const bytes = decodeBase64(content.base64);
	if (bytes === null) throw invalid('content/base64', 'must be standard base64 with padding');
	return bytes;
}

/** No program writes longer lines of it. */
const LINE_OF_BASE64 = 1_024;

/**
 * Null where the text is not standard base64. Node skips what it does not know, so a foreign character shows
 * itself in the length; matching megabytes with an expression would hold the event loop.
 */
function decodeBase64(text: string): Uint8Array | null {
	// Mail and the command line's base64 break it into lines.
	const joined = /[\r\n]/.test(text.slice(0, LINE_OF_BASE64)) ? text.replace(/[\r\n]+/g, '') : text.trimEnd();
	if (joined.length % 4 !== 0 || joined.includes('-') || joined.includes('_')) return null;
	const padding = joined.endsWith('==') ? 2 : joined.endsWith('=') ? 1 : 0;
	const bytes = Buffer.from(joined, 'base64');
	return bytes.length === (joined.length / 4) * 3 - padding ? bytes : null;
}
