/** What texts of the schemas must look like, as a pattern and in words: no answer shows a regular expression. */
import { tenantDemand, tenantPattern } from './limits.ts';

export const patterns = {
	tenant: tenantPattern,
	/** UTF-8 without control characters; JSON schema counts code units, docIdFault counts bytes. */
	docId: '^[^\\u0000-\\u001f\\u007f-\\u009f]+$',
	/** Of a source, and of an epoch. */
	name: '^[A-Za-z0-9][A-Za-z0-9._:-]*$',
	sha256: '^[0-9a-f]{64}$',
	mimeType: '^[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+(\\s*;.*)?$',
	notBlank: '\\S',
} as const;

const demands: Readonly<Record<keyof typeof patterns, string>> = {
	tenant: tenantDemand,
	docId: 'free of control characters',
	name: 'letters, digits and . _ : -, a letter or digit first',
	sha256: 'a SHA-256 in 64 lower-case hex digits',
	mimeType: 'a media type such as text/plain',
	notBlank: 'more than blanks',
};

const byPattern = new Map<string, string>(
	Object.entries(demands).map(([name, demand]) => [patterns[name as keyof typeof patterns], demand]),
);

/** What must be of a text with this pattern. */
export const demandOfPattern = (pattern: string): string | undefined => byPattern.get(pattern);
