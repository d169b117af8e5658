/** Why a request got no answer, and what a person can do about it. Pure. */
import type { Address } from './address.ts';
import { localFailure, type ApiFailure } from './node-errors.ts';

/** What this request may meet when it is sent again in a moment. */
export interface Unreached {
	readonly failure: ApiFailure;
	/** It may be gone in a moment; what a person has to mend is not. */
	readonly passes: boolean;
}

const certificate = /CERT|^UNABLE_TO_|^ERR_SSL|^ERR_TLS|^EPROTO$/;
const timedOut = ['ETIMEDOUT', 'ECONNABORTED', 'ESOCKETTIMEDOUT'];
const broken = ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'];
const unrouted = ['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL'];

const container =
	'Inside a container, localhost is the container itself: use http://api:8765 where n8n and the API are in one Docker Compose file, or http://host.docker.internal:8765 for an API on the host (which listens on loopback only unless DOCDROP_HOST=0.0.0.0 and DOCDROP_API_KEYS are set).';

/** `error`: as n8n throws it, which wraps what Node and axios said. */
export function unreachedFailure(error: unknown, address: Address): Unreached {
	const { host } = address;
	const code = codeOf(error);
	const is = (passes: boolean, ...what: Parameters<typeof localFailure>): Unreached => ({
		failure: localFailure(what[0], what[1], what[2], what[3], code),
		passes,
	});
	if (isBlocked(error)) {
		return is(
			false,
			'address_blocked',
			`n8n does not allow requests to ${host}`,
			`Its protection against forged requests is on. Name the host in N8N_SSRF_ALLOWED_HOSTNAMES, or its address in N8N_SSRF_ALLOWED_IP_RANGES, and restart n8n.`,
		);
	}
	if (code === 'ECONNREFUSED') {
		return is(
			true,
			'unreachable',
			`nothing listens at ${host}: the DocDrop API refused the connection`,
			refusal(address),
		);
	}
	if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
		return is(
			true,
			'unreachable',
			`the host of ${host} is not known`,
			'The name of a Docker Compose service, such as api, is known in its own network only, and only while the service runs. On Linux, host.docker.internal needs extra_hosts: ["host.docker.internal:host-gateway"] at the n8n service.',
		);
	}
	if (code !== undefined && certificate.test(code)) {
		return is(
			false,
			'tls',
			`no secure connection to ${host} could be made`,
			'The DocDrop API itself speaks http://; https:// needs a proxy before it. For a certificate of your own, set NODE_EXTRA_CA_CERTS for n8n.',
		);
	}
	if (code !== undefined && timedOut.includes(code)) {
		return is(
			true,
			'timeout',
			`${host} did not answer in time`,
			'Look whether the API runs, and whether a firewall stands between n8n and it.',
		);
	}
	if (code !== undefined && unrouted.includes(code)) {
		return is(
			true,
			'unreachable',
			`there is no way to ${host}`,
			'Look at the Address of the credential, and at the network between n8n and the API.',
		);
	}
	if (code?.startsWith('HPE_') === true) {
		return is(
			false,
			'not_docdrop',
			`what answers at ${host} does not speak HTTP`,
			'Look at the port and at http:// or https:// in the Address of the credential.',
		);
	}
	if (code === undefined || !broken.includes(code)) {
		return is(
			true,
			'unreachable',
			`the request to ${host} failed${code === undefined ? '' : ` (${code})`}`,
			'Look at the Address of the credential, and test the credential.',
		);
	}
	return is(
		true,
		'unreachable',
		`the connection to ${host} broke before the answer was whole`,
		'The API may be restarting; its log tells. A proxy between may also cut long requests.',
	);
}

function refusal({ isLoopback, port }: Address): string {
	const start = 'Look whether the API runs (npx -p n8n-nodes-docdrop docdrop serve starts it).';
	if (isLoopback) return `${start} ${container}`;
	return `${start} It listens on its own machine only unless DOCDROP_HOST=0.0.0.0 and DOCDROP_API_KEYS are set, and on port 8765 unless DOCDROP_PORT says otherwise; the credential names port ${port}.`;
}

/** The first code that Node, axios or n8n gave, from the outside in. */
function codeOf(error: unknown, depth = 0): string | undefined {
	if (typeof error !== 'object' || error === null || depth > 8) return undefined;
	const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
	if (typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code)) return code;
	const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
	return codeOf(cause, depth + 1) ?? codeOf(first, depth + 1);
}

function isBlocked(error: unknown, depth = 0): boolean {
	if (typeof error !== 'object' || error === null || depth > 8) return false;
	const { name, cause } = error as { name?: unknown; cause?: unknown };
	return (typeof name === 'string' && name.startsWith('SsrfBlocked')) || isBlocked(cause, depth + 1);
}
