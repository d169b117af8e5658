/** What a sender's word for the type of a content is worth, beside its name. No schema library here: nodes load it. */
import { endingOf, isPicture, mimeTypeOf } from './file-types.ts';

/** What senders call bytes that they know nothing of. */
const ANY_BYTES: readonly string[] = [
	'application/octet-stream',
	'binary/octet-stream',
	'application/x-www-form-urlencoded',
];
/** What clients write by themselves above a text, and above JSON or what they take for it. */
const BY_DEFAULT: readonly string[] = ['text/plain', 'application/json'];

/** Of a media type without parameters, in lower case. */
export const saysNothing = (type: string): boolean => ANY_BYTES.includes(type);

/**
 * A media type as it is worth asking, with its parameters, such as the charset; null where neither the sender nor the
 * name tells one that is read. What says nothing, or is written by default, gives way to an ending that is known; any
 * other word is the sender's own, and goes first.
 *
 * `of`: a client writes text/plain above a body that it holds as text, whatever it is called; but forms and n8n call a
 * file so that they know nothing of. There it counts for a name without an ending alone, or a film would be a text.
 */
export function toldType(said: string | undefined, name: string, of: 'body' | 'file'): string | null {
	const [type = '', ...parameters] = (said ?? '').split(';').map((part) => part.trim());
	const lower = type.toLowerCase();
	const ending = mimeTypeOf(name);
	const isUnknown = of === 'file' && lower === 'text/plain' && endingOf(name) !== '';
	// A text that is named after its picture is a text.
	const isCaption = of === 'body' && ending !== null && isPicture(ending);
	const isDefault = isUnknown || (BY_DEFAULT.includes(lower) && ending !== null && !isCaption);
	if (/^[\w.+-]+\/[\w.+-]+$/.test(type) && !saysNothing(lower) && !isDefault) return said?.trim() ?? null;
	return ending === null ? null : [ending, ...parameters].join('; ');
}
