/** The credential as the node uses it: where the API is, and the header that carries the key. */
import { localFailure } from './node-errors.ts';

export interface Address {
	/** Without a slash at its end; may have a path, where a proxy gives the API one. */
	readonly baseUrl: string;
	/** Host and port: what is shown to people, since an address may hold a password. */
	readonly host: string;
	/** It names the machine, or the container, that n8n runs in. */
	readonly isLoopback: boolean;
	readonly port: string;
}

/** Throws an ApiFailure `address_invalid`. */
export function parseAddress(text: unknown): Address {
	const written = typeof text === 'string' ? text.trim() : '';
	if (!/^https?:\/\//i.test(written) || !URL.canParse(written))
		throw invalid('must begin with http:// or https://');
	const url = new URL(written);
	if (url.username !== '' || url.password !== '') throw invalid('must not hold a user or password');
	if (url.search !== '' || url.hash !== '') throw invalid('must end with the path');
	return {
		baseUrl: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
		host: url.host,
		isLoopback: /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname),
		port: url.port || (url.protocol === 'https:' ? '443' : '80'),
	};
}

const invalid = (demand: string) =>
	localFailure(
		'address_invalid',
		`the Address of the DocDrop API credential ${demand}`,
		'Write it as http://HOST:PORT, for example http://127.0.0.1:8765, or http://api:8765 in Docker Compose.',
		{ field: 'baseUrl' },
	);

/**
 * Empty while the API has no keys: a header without a value is not sent. Throws an ApiFailure `key_invalid` for a
 * key that no header can carry: n8n would leave those characters out, and the API would refuse what is left.
 */
export function keyHeader(apiKey: unknown): Record<string, string> {
	const key = typeof apiKey === 'string' ? apiKey.trim() : '';
	if (/[^\x20-\x7e]/.test(key)) {
		throw localFailure(
			'key_invalid',
			'the API Key of the DocDrop API credential has a character that cannot be sent',
			'Copy the key anew, without line breaks and typographic characters.',
			{ field: 'apiKey' },
		);
	}
	return key === '' ? {} : { authorization: `Bearer ${key}` };
}

/** Throws an ApiFailure `invalid` for a text that no URL can carry: another text would arrive. */
export function urlOf(
	{ baseUrl }: Address,
	path: string,
	query: Readonly<Record<string, string | number | boolean | undefined>> = {},
): string {
	const pairs = Object.entries(query).flatMap(([name, value]) => {
		if (value === undefined) return [];
		const text = String(value);
		if (text.isWellFormed()) return [`${encodeURIComponent(name)}=${encodeURIComponent(text)}`];
		throw localFailure('invalid', `${name} must be well-formed Unicode`, 'Remove half characters from it.', {
			field: name,
			retryable: false,
		});
	});
	return `${baseUrl}${path}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`;
}
