/** Content that an item carries itself: a text, or a file in a binary field. */
import { toldType } from '../../../api/contract/told-type.ts';
import { missing } from '../action-parameters.ts';
import { faultOf, ItemFailure } from '../failing.ts';
import type { Session } from '../session.ts';
import { binaryContent, type Content } from './content-input.ts';

export function carriedFile({ context, parameters }: Session, item: number) {
	const data = context.helpers.assertBinaryData(item, parameters.text('binaryPropertyName', item) || 'data');
	return { data, content: binaryContent(context, data) };
}

/** An expression that finds nothing must not empty the document. */
export function textContent({ parameters }: Session, item: number): Content {
	const text = parameters.exact('text', item);
	if (text === null) throw missing('text', 'Text');
	return { kind: 'text', text };
}

/**
 * Text, or a file that the item carries, with its type: the ending of the trigger's file says nothing of it. Where
 * there is none, reading it fails: the document is refused like one whose file is unreadable, and a move still leaves
 * its old name.
 */
export function carriedContent(session: Session, index: number): { content: Content; mimeType?: string } {
	try {
		if (session.parameters.text('contentFrom', index) === 'binary') {
			const { data, content } = carriedFile(session, index);
			const file = data.fileName ?? '';
			const mimeType = toldType(data.mimeType, file, 'file');
			return mimeType === null ? { content } : { content, mimeType };
		}
		return { content: textContent(session, index), mimeType: 'text/plain' };
	} catch (error) {
		const failure = new ItemFailure(faultOf(error), error);
		return { content: { kind: 'stream', size: null, open: () => Promise.reject(failure) } };
	}
}
