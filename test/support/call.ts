/** One HTTP request, and what came back. */
export interface Answer {
	readonly status: number;
	readonly headers: Headers;
	readonly text: string;
	/** The body as JSON; undefined where it is none. */
	// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into answers freely
	readonly json: any;
}

export interface Call {
	readonly method?: string;
	readonly path: string;
	/** Strings and bytes go as they are, everything else as JSON. */
	readonly body?: unknown;
	readonly headers?: Readonly<Record<string, string>>;
}

export async function call(url: string, { method, path, body, headers }: Call): Promise<Answer> {
	const raw = typeof body === 'string' || body instanceof Uint8Array;
	const answer = await fetch(url + path, {
		method: method ?? (body === undefined ? 'GET' : 'POST'),
		headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
		...(body !== undefined && { body: raw ? (body as string) : JSON.stringify(body) }),
	});
	const text = await answer.text();
	return { status: answer.status, headers: answer.headers, text, json: parsed(text) };
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
