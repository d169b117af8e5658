/** Calls of the API with the key of the person before the page. The key is kept for as long as the tab is open. */
const keyName = 'docdrop-key';

export const hasKey = (): boolean => sessionStorage.getItem(keyName) !== null;
export const keepKey = (key: string): void => sessionStorage.setItem(keyName, key);
export const forgetKey = (): void => sessionStorage.removeItem(keyName);

/** What the API answered instead; without an answer its code is `no_answer`. */
export class ApiError extends Error {
	readonly status: number;
	readonly code: string;
	readonly hint: string;
	constructor(status: number, { code, message, hint }: { code: string; message: string; hint: string }) {
		super(message);
		this.status = status;
		this.code = code;
		this.hint = hint;
	}
}

const noAnswer = () =>
	new ApiError(0, {
		code: 'no_answer',
		message: 'DocDrop does not answer.',
		hint: 'Is the process running, and can this machine reach it?',
	});

interface Asked {
	readonly method?: 'GET' | 'POST' | 'PUT';
	/** Sent as JSON; bytes go as they are. */
	readonly body?: object | Blob;
	readonly signal?: AbortSignal;
}

/** Rejects with an ApiError, or with the signal's reason. */
export async function askRaw(path: string, { method, body, signal }: Asked = {}): Promise<Response> {
	const key = sessionStorage.getItem(keyName);
	const headers: Record<string, string> = {};
	// A header takes no other characters, and no key has them.
	if (key !== null) headers['x-api-key'] = /^[\x21-\x7e]+$/.test(key) ? key : '?';
	if (body !== undefined && !(body instanceof Blob)) headers['content-type'] = 'application/json';
	if (body instanceof Blob) headers['content-type'] = 'application/octet-stream';
	const answer = await fetch(path, {
		method: method ?? (body === undefined ? 'GET' : 'POST'),
		headers,
		cache: 'no-store',
		...(body !== undefined && { body: body instanceof Blob ? body : JSON.stringify(body) }),
		...(signal !== undefined && { signal }),
	}).catch((error: unknown) => {
		signal?.throwIfAborted();
		throw error instanceof TypeError ? noAnswer() : error;
	});
	if (!answer.ok) throw await errorOf(answer);
	return answer;
}

export async function ask<T>(path: string, asked: Asked = {}): Promise<T> {
	return (await (await askRaw(path, asked)).json()) as T;
}

async function errorOf(answer: Response): Promise<ApiError> {
	const body = (await answer.json().catch(() => null)) as {
		error?: { code: string; message: string; hint: string };
	} | null;
	return new ApiError(
		answer.status,
		body?.error ?? {
			code: 'unknown',
			message: `The answer was ${answer.status}, and not DocDrop’s.`,
			hint: 'Is there a proxy in between?',
		},
	);
}

export const query = (fields: Readonly<Record<string, string | number | null | undefined>>): string => {
	const given = Object.entries(fields).filter(
		([, value]) => value !== null && value !== undefined && value !== '',
	);
	return new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
};
