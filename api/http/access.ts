import { BlockList, isIP } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DocumentInput } from '../contract/document-schema.ts';
import type { KeyRight } from '../contract/key-rights.ts';
import { DocDropError } from '../errors.ts';
import { rowOf } from './route-table.ts';
import { isForm } from './streamed-body.ts';

/**
 * Who may call, and for which tenant. With keys: every route but health, docs and the page's files wants one, and with
 * the right that the table of routes names; a key of one tenant reaches no other. Without keys the process listens on
 * loopback only, and a request must also name a local host: a web page that was made to resolve to 127.0.0.1 does not get
 * in. Nor does what a page of another site can make a browser send without asking first.
 */
declare module 'fastify' {
	interface FastifyRequest {
		/** The only tenant this request may touch; null: any. */
		onlyTenant: string | null;
		/** Whether it may see how the service itself is, beyond any tenant. */
		mayOperate: boolean;
	}
}

/** What a key is good for. */
export interface Caller {
	/** Null: every tenant. */
	readonly tenant: string | null;
	readonly rights: readonly KeyRight[];
}

/** The keys that are valid now. */
export interface AccessKeys {
	/** Without any key: whoever reaches this machine may do everything. */
	readonly isOpen: boolean;
	/** Null: it is none of them. */
	readonly find: (sent: string) => Caller | null;
	readonly status: () => KeysStatus;
}

export interface KeysStatus {
	readonly count: number;
	readonly keyring: {
		/** ISO 8601. */
		readonly readAt: string;
		/** Why the newest file was not taken. */
		readonly fault: string | null;
	} | null;
}

const openPaths = /^\/(health\/|docs(\/|$)|page\/|$)/;

export function installAccess(app: FastifyInstance, keys: AccessKeys): void {
	app.decorateRequest('onlyTenant', null);
	app.decorateRequest('mayOperate', keys.isOpen);
	app.addHook('onRequest', async (request) => {
		if (keys.isOpen) {
			checkHost(request);
			checkOrigin(request);
			return;
		}
		if (openPaths.test(request.url.split('?')[0] ?? '')) return;
		const { authorization, 'x-api-key': header } = request.headers;
		const sent = typeof header === 'string' ? header : /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
		if (sent === undefined) throw new DocDropError('unauthorized', 'a key is required');
		const caller = keys.find(sent);
		if (caller === null) throw new DocDropError('unauthorized', 'the key is not known');
		checkRight(request, caller);
		request.onlyTenant = caller.tenant;
		request.mayOperate = caller.tenant === null && caller.rights.includes('admin');
	});
}

function checkRight({ method, routeOptions }: FastifyRequest, { rights }: Caller): void {
	const right = rowOf(`${method === 'HEAD' ? 'GET' : method} ${routeOptions.url ?? ''}`)?.right;
	if (right === undefined || right === 'any' || rights.includes(right)) return;
	throw new DocDropError('forbidden', `the key must have the right ${right}, and has ${rights.join(', ')}`, {
		hint: `Use a key that has it; docdrop keys add --rights ${right} makes one.`,
	});
}

function checkHost(request: FastifyRequest): void {
	const { host = '' } = request.headers;
	// What a proxy is believed to have been called by, and what this request says itself: a page's script may claim the first.
	if (isOfThisMachine(request.hostname) && isOfThisMachine(host.replace(/:\d*$/u, ''))) return;
	throw new DocDropError('forbidden', 'host must be an address of this machine while no API key is set', {
		field: 'host',
		hint: 'Call 127.0.0.1 or localhost, or set DOCDROP_API_KEYS.',
	});
}

function isOfThisMachine(name: string): boolean {
	const host = name.replace(/^\[|\]$/g, '');
	return host === 'localhost' || host.endsWith('.localhost') || isIP(host) !== 0;
}

/**
 * Of what a page of another site can make a browser send without asking first: forms, and POST without a body, such as
 * a release. Every browser names the page's origin then. JSON and other methods are asked for before.
 */
function checkOrigin(request: FastifyRequest): void {
	const { origin, host, 'content-type': type } = request.headers;
	if (origin === undefined || !(isForm(request) || (request.method === 'POST' && type === undefined))) return;
	if (URL.canParse(origin) && new URL(origin).host === host) return;
	throw new DocDropError('forbidden', 'origin must be this server while no API key is set', {
		field: 'origin',
		hint: 'Set DOCDROP_API_KEYS and send a key, to let pages of other sites call.',
	});
}

/** Throws `forbidden` where the request's key belongs to another tenant. */
export function checkTenant(request: FastifyRequest, tenant: string, field = 'tenant'): void {
	if (request.onlyTenant !== null && request.onlyTenant !== tenant) {
		throw new DocDropError('forbidden', 'the key is not valid for this tenant', { field });
	}
}

/** Throws `forbidden` where the document is, or was until now, of another tenant than the request's key. */
export function checkDocument(
	request: FastifyRequest,
	{ tenant, previous }: Pick<DocumentInput, 'tenant' | 'previous'>,
): void {
	checkTenant(request, tenant);
	if (previous?.tenant !== undefined) checkTenant(request, previous.tenant, 'previous/tenant');
}

/** For what spans tenants: statistics, lists without a tenant. */
export function checkAnyTenant(request: FastifyRequest): void {
	if (request.onlyTenant !== null) {
		throw new DocDropError('forbidden', 'tenant is required with a key of one tenant', { field: 'tenant' });
	}
}

const localNetworks = new BlockList();
localNetworks.addSubnet('127.0.0.0', 8, 'ipv4');
localNetworks.addSubnet('10.0.0.0', 8, 'ipv4');
localNetworks.addSubnet('172.16.0.0', 12, 'ipv4');
localNetworks.addSubnet('192.168.0.0', 16, 'ipv4');
localNetworks.addAddress('::1', 'ipv6');

const forwardingHeaders = ['x-forwarded-for', 'forwarded', 'x-real-ip'] as const;

/**
 * Whether a request comes from this machine or its private networks, and may skip the rate limit. `request.ip`
 * is the socket's peer, or, behind trusted proxies, the first address that none of them is. A forwarding header
 * while `request.ip` is the peer means that a proxy speaks for somebody whom we do not know.
 */
export function isLocal(request: FastifyRequest): boolean {
	const isForwarded = forwardingHeaders.some((name) => request.headers[name] !== undefined);
	if (isForwarded && request.ip === request.socket.remoteAddress) return false;
	const address = request.ip.replace(/^::ffff:(?=\d+\.)/i, '');
	const family = isIP(address);
	return family !== 0 && localNetworks.check(address, family === 4 ? 'ipv4' : 'ipv6');
}
