import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { DocDropError } from '../errors.ts';

/** One request of a command to the process on this machine. */
interface Asked {
	readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
	readonly headers: Readonly<Record<string, string>>;
	readonly body?: string;
	readonly signal: AbortSignal;
}

interface Answered {
	readonly status: number;
	readonly text: string;
}

/**
 * Over TLS the process must show the certificate that the settings name, or one that was made by it: the address is one
 * of this machine, and no certificate is made out to it.
 */
export async function askProcess(url: string, asked: Asked, tlsCert: string): Promise<Answered> {
	if (!url.startsWith('https:')) {
		const answer = await fetch(url, asked);
		return { status: answer.status, text: await answer.text() };
	}
	if (tlsCert === '') throw untrusted();
	const { method, headers, body, signal } = asked;
	const ca = readFileSync(tlsCert, 'utf8');
	const trust = { ca, allowPartialTrustChain: true, checkServerIdentity: () => undefined };
	const sent = request(url, { method, headers, signal, ...trust });
	sent.end(body);
	const [answer] = (await once(sent, 'response').catch(unlessTrusted)) as [IncomingMessage];
	return { status: answer.statusCode ?? 0, text: await text(answer) };
}

const untrusted = (cause?: unknown) =>
	new DocDropError('config_invalid', 'DOCDROP_TLS_CERT must name the certificate of the process', {
		field: 'DOCDROP_TLS_CERT',
		hint: 'Give the command the settings that the process was started with.',
		...(cause !== undefined && { cause }),
	});

function unlessTrusted(error: unknown): never {
	const { code = '' } = error as NodeJS.ErrnoException;
	throw /CERT|SIGNATURE/.test(code) ? untrusted(error) : error;
}
