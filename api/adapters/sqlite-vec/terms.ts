/**
 * How terms are kept in FTS5. Pure.
 *
 * Every token is written as `{tenant number}_{term}`: a tenant's posting lists are its own, so that a search
 * costs what its tenant holds and finds nothing else. The number ends at the first underscore, so no two
 * tenants share a token. The table's tokenizer (`ascii` with `_` as a token character) keeps every character
 * above ASCII as it is; everything else of ASCII separates, here as there, so that a term such as `a-2_b` cannot
 * smuggle a token into another tenant's space.
 */
import { limits } from '../../contract/limits.ts';

const separators = /[^\w\u0080-\uffff]+/;
/** The same for a byte of UTF-8: 1 where it separates. */
const isSeparator = Uint8Array.from({ length: 256 }, (_, byte) =>
	separators.test(String.fromCharCode(byte)) ? 1 : 0,
);
const space = 0x20;

/**
 * Terms (UTF-8) in the form in which the table takes them: bytes like everything that is on its way to it, see
 * packed-texts.ts. The answer is a view that is good until the next call.
 */
export function createTermIndexer(): (tenant: number, terms: Uint8Array) => Uint8Array {
	let out = new Uint8Array(16_384);
	return (tenant, terms) => {
		const prefix = Buffer.from(`${tenant}_`);
		// At worst every other byte is a token of its own, with a prefix and a space.
		const room = terms.length + ((terms.length >> 1) + 1) * (prefix.length + 1);
		if (room > out.length) out = new Uint8Array(room);
		let length = 0;
		let isInToken = false;
		for (let at = 0; at < terms.length; at += 1) {
			const byte = terms[at] as number;
			if (isSeparator[byte] === 1) {
				isInToken = false;
				continue;
			}
			if (!isInToken) {
				if (length > 0) out[length++] = space;
				out.set(prefix, length);
				length += prefix.length;
				isInToken = true;
			}
			out[length++] = byte;
		}
		return out.subarray(0, length);
	};
}

export interface TextQuery {
	readonly terms: readonly string[];
	readonly phrases: readonly (readonly string[])[];
	readonly without: readonly (readonly string[])[];
}

/**
 * An FTS5 query, of as many terms as the contract lets in: any of them, all of the phrases, and nothing that must not
 * be. Null where nothing is left to search for.
 */
export function matchExpression(tenant: number, { terms, phrases, without }: TextQuery): string | null {
	const tokensOf = (words: readonly string[]) =>
		words
			.flatMap((term) => term.split(separators))
			.flatMap((part) => (part === '' ? [] : [`${tenant}_${part}`]));
	const any = [...new Set(tokensOf(terms))].slice(0, limits.searchTerms);
	if (any.length === 0) return null;
	const quoted = (tokens: readonly string[]) => `"${tokens.join(' ')}"`;
	const of = (words: TextQuery['phrases']) =>
		words.map(tokensOf).flatMap((tokens) => (tokens.length === 0 ? [] : [quoted(tokens)]));
	const wanted = [any.map((token) => quoted([token])).join(' OR '), ...of(phrases)];
	const unwanted = of(without);
	const all = wanted.length === 1 ? wanted.join() : wanted.map((part) => `(${part})`).join(' AND ');
	return unwanted.length === 0 ? all : `(${all}) NOT (${unwanted.join(' OR ')})`;
}
