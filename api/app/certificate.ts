import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Config } from '../config/index.ts';
import { DocDropError } from '../errors.ts';
import type { Certificate } from '../http/index.ts';
import type { Clock } from '../ports/index.ts';
import type { Log } from '../telemetry.ts';
import { followFiles, type FollowedFiles } from './followed-files.ts';

/**
 * The certificate that the API shows, read anew when its files change: new connections meet the new one. One that
 * cannot be used leaves the one of before in place, and says so.
 */
export interface FollowedCertificate extends Certificate {
	readonly follow: (http: FastifyInstance) => Promise<FollowedFiles>;
}

interface Pair {
	readonly cert: string;
	readonly key: string;
	readonly expiresAt: string;
}

interface CertificateState {
	pair: Pair;
	fault: string | null;
}

/** Null where there is none. Throws `config_invalid` where the files cannot be used. */
export function openCertificate(
	{ tlsCert, tlsKey }: Pick<Config, 'tlsCert' | 'tlsKey'>,
	{ clock, log }: { readonly clock: Clock; readonly log: Log },
): FollowedCertificate | null {
	if (tlsCert === '') return null;
	const read = () => pairOf(readPem('DOCDROP_TLS_CERT', tlsCert), readPem('DOCDROP_TLS_KEY', tlsKey));
	const state: CertificateState = { pair: read(), fault: null };
	return {
		pair: () => state.pair,
		status: () => ({ expiresAt: state.pair.expiresAt, fault: state.fault }),
		follow: ({ server }) =>
			followFiles([tlsCert, tlsKey], clock, () => {
				try {
					const pair = read();
					(server as unknown as Server).setSecureContext(pair);
					Object.assign(state, { pair, fault: null });
					log.info({}, 'the certificate was read');
				} catch (error) {
					const fault = error instanceof Error ? error.message : String(error);
					if (fault !== state.fault)
						log.error({ fault }, 'the certificate could not be used; the one of before stays');
					state.fault = fault;
				}
				return state.fault === null;
			}),
	};
}

const wrong = (name: string, demand: string): DocDropError =>
	new DocDropError('config_invalid', `${name} must be ${demand}`, { field: name });

function readPem(name: string, file: string): string {
	try {
		return readFileSync(file, 'utf8');
	} catch (error) {
		const { code = 'unreadable' } = error as NodeJS.ErrnoException;
		throw wrong(name, `the path of a file that can be read (${code})`);
	}
}

/** What OpenSSL says of a key may show something of it: its words are not passed on. */
function pairOf(cert: string, key: string): Pair {
	const expiresAt = expiryOf(cert);
	try {
		createSecureContext({ cert, key });
	} catch {
		throw wrong('DOCDROP_TLS_KEY', 'the private key of DOCDROP_TLS_CERT, in PEM and without a password');
	}
	return { cert, key, expiresAt };
}

function expiryOf(cert: string): string {
	try {
		return new X509Certificate(cert).validToDate.toISOString();
	} catch {
		throw wrong('DOCDROP_TLS_CERT', 'a certificate in PEM, the server’s own first');
	}
}
