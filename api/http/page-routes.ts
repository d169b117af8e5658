import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { DocDropError } from '../errors.ts';

/**
 * The page for people: a few static files, which hold nothing of anybody's and are open to everyone. What the page
 * shows it asks the API for, with the key of the person before it. In the package its modules are one file; from
 * source they are served as they are, without their types.
 */
const types: Readonly<Record<string, string>> = {
	'.html': 'text/html; charset=utf-8',
	'.css': 'text/css; charset=utf-8',
	'.js': 'text/javascript; charset=utf-8',
	'.ts': 'text/javascript; charset=utf-8',
	'.svg': 'image/svg+xml; charset=utf-8',
};

/**
 * Only this server's own files, and calls of this server; no markup that is made of text (trusted types), no plugin,
 * no form that leaves, no frame around it. What all answers have is in answer-headers.ts.
 */
const pageHeaders = {
	'content-security-policy': [
		"default-src 'none'",
		"script-src 'self'",
		"style-src 'self'",
		"img-src 'self'",
		"connect-src 'self'",
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
		"require-trusted-types-for 'script'",
		"trusted-types 'none'",
	].join('; '),
	'cross-origin-opener-policy': 'same-origin',
	'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

const sourceDir = fileURLToPath(new URL('../page/', import.meta.url));
const entry = 'main.js';

/** `pageDir`: where the build has put the page; null: it is served from source. */
export function pageRoutes(app: FastifyInstance, { pageDir }: { readonly pageDir: string | null }): void {
	const dir = pageDir ?? sourceDir;
	const served = new Set(readdirSync(dir).filter((name) => types[extname(name)] !== undefined));

	async function contentOf(name: string): Promise<string> {
		const text = await readFile(join(dir, name), 'utf8');
		return name.endsWith('.ts') ? stripTypeScriptTypes(text) : text;
	}

	async function send(name: string, match: string | undefined, reply: FastifyReply): Promise<FastifyReply> {
		const content = await contentOf(name);
		const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
		void reply.headers({ ...pageHeaders, 'cache-control': 'no-cache', etag });
		if (match === etag) return reply.code(304).send();
		return reply.type(types[extname(name)] ?? 'text/plain').send(content);
	}

	app.get('/', { schema: { hide: true } }, async (request, reply) =>
		send('index.html', request.headers['if-none-match'], reply),
	);
	app.get<{ Params: { file: string } }>('/page/:file', { schema: { hide: true } }, async (request, reply) => {
		const asked = request.params.file;
		const name = pageDir === null && asked === entry ? 'main.ts' : asked;
		if (!served.has(name)) throw new DocDropError('not_found', 'there is no such address');
		return send(name, request.headers['if-none-match'], reply);
	});
}
