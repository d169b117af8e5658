import type { FastifyHttpOptions } from 'fastify';
import type { Server } from 'node:http';
import { limits } from '../contract/limits.ts';

/** What the API shows of itself over TLS. */
export interface Certificate {
	readonly pair: () => { readonly cert: string; readonly key: string };
	readonly status: () => {
		/** ISO 8601. */
		readonly expiresAt: string;
		/** Why the newest files were not taken. */
		readonly fault: string | null;
	};
}

/** A request without Host is answered by us, in our words. A filter in an address has room for any script. */
export function serverOptions(certificate: Certificate | null): Pick<FastifyHttpOptions<Server>, 'http'> {
	const http = { requireHostHeader: false, maxHeaderSize: limits.headerBytes };
	if (certificate === null) return { http };
	// The types know servers of one kind at a time; nothing beyond this line asks which one it is.
	return { https: { ...http, ...certificate.pair(), minVersion: 'TLSv1.2' } } as object;
}
