/** A server's own words about a failure, where they are safe to show: short, without the key, not quoting what was sent. Pure. */
export interface SentWords {
	readonly texts: readonly string[];
	readonly apiKey: string | undefined;
}

const MOST_CHARS = 200;
/** Servers quote keys in part, and other people's as well. */
const keys = /\b(?:sk|pk|hf|gsk|key)[-_][\w*.-]{4,}|\bbearer\s+\S+/gi;

/** The message in an answer's body, in OpenAI's shape or what others make of it; '' where there is none. */
export function messageIn(body: unknown): string {
	const { error, message, detail } = (body ?? {}) as Record<'error' | 'message' | 'detail', unknown>;
	const inner = typeof error === 'object' ? (error as { message?: unknown } | null)?.message : error;
	const said = [inner, message, detail].find((one) => typeof one === 'string');
	return typeof said === 'string' ? said : '';
}

export function shownWords(words: string, { texts, apiKey }: SentWords): string {
	if (apiKey !== undefined && apiKey !== '' && words.includes(apiKey)) return '';
	const shown = words.trim().slice(0, MOST_CHARS).replace(keys, '…');
	return texts.some((text) => quotes(shown, text)) ? '' : shown.replace(/\s+/g, ' ').toWellFormed();
}

/** Whether 20 characters of the text, or all of a shorter one, stand in the message. */
function quotes(message: string, text: string): boolean {
	if (text.length <= 20) return text.length > 3 && message.includes(text);
	for (let i = 0; i + 20 <= message.length; i += 1) if (text.includes(message.slice(i, i + 20))) return true;
	return false;
}
