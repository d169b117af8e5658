/**
 * In which charset the texts of a message are. postal-mime believes what a part says of itself, and takes UTF-8 where it
 * says nothing; senders say nothing, ASCII, or the wrong thing. Here the bytes are looked at first, as of any text.
 */
import type PostalMime from 'postal-mime';
import { isDocDropError } from '../../errors.ts';
import { decodeAs } from './decode.ts';
import { namedCharset } from './html.ts';

/** A part of postal-mime's tree, its transfer encoding taken off. */
interface Part {
	readonly content: ArrayBuffer | null;
	readonly contentType: {
		readonly multipart: string | false;
		readonly parsed: { readonly value: string; readonly params: Record<string, string> };
	};
}

/** Where the library goes through the parts, once they are all there. */
interface Collector {
	collectNode(part: Part, ...rest: unknown[]): Promise<void>;
}

/** Before the message is parsed. */
export function settleCharsets(parser: PostalMime): void {
	const collector = parser as unknown as Collector;
	const collect = collector.collectNode.bind(parser);
	collector.collectNode = (part, ...rest) => {
		settle(part);
		return collect(part, ...rest);
	};
}

function settle({ content, contentType: { multipart, parsed } }: Part): void {
	if (content === null || multipart !== false || !parsed.value.startsWith('text/')) return;
	const bytes = new Uint8Array(content);
	const inside = parsed.value === 'text/html' ? namedCharset(bytes) : null;
	try {
		const { charset } = decodeAs(bytes, parsed.value, { sender: parsed.params['charset'] ?? null, inside });
		parsed.params['charset'] = charset;
	} catch (error) {
		// What is no text stays as the library has it; the message around it is read.
		if (!isDocDropError(error)) throw error;
	}
}
