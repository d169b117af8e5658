import { Type } from 'typebox';
import { limits } from './limits.ts';
import { patterns } from './patterns.ts';

export const Tenant = Type.String({
	minLength: 1,
	maxLength: limits.tenantChars,
	pattern: patterns.tenant,
	description: `Whose document it is. Letters, digits and . _ : @ -, at most ${limits.tenantChars}.`,
});
export const DocId = Type.String({
	minLength: 1,
	maxLength: limits.docIdBytes,
	pattern: patterns.docId,
	description: `Names the document within its tenant; 1 to ${limits.docIdBytes.toLocaleString('en')} bytes of UTF-8, no control characters.`,
});
export const JobId = Type.String({ format: 'uuid', description: 'UUIDv7; sorts by time.' });
export const SourceId = Type.String({
	minLength: 1,
	maxLength: 128,
	pattern: patterns.name,
	description: 'Who owns the document; one UUID a trigger node, or `api`.',
});
export const SourceName = Type.String({
	minLength: 1,
	maxLength: 128,
	pattern: patterns.docId,
	description: 'What people know the source by, such as the name of a workflow; answers name it.',
});
export const Timestamp = Type.String({ format: 'date-time', description: 'ISO 8601, UTC.' });
export const Sha256 = Type.String({ pattern: patterns.sha256, description: 'SHA-256, lower-case hex.' });
