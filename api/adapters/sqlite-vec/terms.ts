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

/** Of what somebody wants any of: as a query asks for it, each once, and not more than the contract lets in. */
export function partsOf(terms: readonly string[]): string[] {
	return [...new Set(splitTerms(terms))].slice(0, limits.searchTerms);
}

const splitTerms = (terms: readonly string[]) =>
	terms.flatMap((term) => term.split(separators)).filter((part) => part !== '');

/**
 * An FTS5 query: any of the terms, all of the phrases, and nothing that must not be. Null where nothing is left to search
 * for.
 */
export function matchExpression(tenant: number, { terms, phrases, without }: TextQuery): string | null {
	const quoted = (words: readonly string[]) => `"${words.map((word) => `${tenant}_${word}`).join(' ')}"`;
	const any = partsOf(terms).map((part) => quoted([part]));
	if (any.length === 0) return null;
	const of = (words: TextQuery['phrases']) =>
		words.map(splitTerms).flatMap((parts) => (parts.length === 0 ? [] : [quoted(parts)]));
	const wanted = [any.join(' OR '), ...of(phrases)];
	const unwanted = of(without);
	const all = wanted.length === 1 ? wanted.join() : wanted.map((part) => `(${part})`).join(' AND ');
	return unwanted.length === 0 ? all : `(${all}) NOT (${unwanted.join(' OR ')})`;
}
