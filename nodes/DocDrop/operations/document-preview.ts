import type { PreviewResponse } from '../../../api/contract/preview-schema.ts';
import type { FileMarks } from '../../item.ts';
import { faultOf, ItemFailure, nodeFault } from '../failing.ts';
import type { Content } from '../input/content-input.ts';
import { readSubmission, type Change } from '../input/submission.ts';
import { readLimits } from '../api-limits.ts';
import { readUpTo } from '../send/load.ts';
import { until, type Session } from '../session.ts';
import { eachItem } from './each-item.ts';
import { inPanelWords } from './refusal-words.ts';

/** Room for everything of a document but its content. */
const headBytes = 65_536;

/** What publishing would do. The content goes in one request, and so must fit into one. */
export async function preview(session: Session) {
	const { bodyBytes, mimeTypes } = await readLimits(session.api);
	// Base64 makes four bytes of three.
	const maxBytes = Math.floor(((bodyBytes - headBytes) * 3) / 4);
	return eachItem(session, async (item, tell) => {
		const submission = readSubmission(session, item);
		switch (submission.kind) {
			case 'unusable':
				throw new ItemFailure(submission.fault);
			case 'snapshot':
				// There is nothing to look at, and whoever publishes later needs it.
				return submission.snapshot;
			case 'change':
				tell({ tenant: submission.head.tenant, docId: submission.head.docId });
				return previewChange(session, submission, maxBytes).catch((error: unknown) => {
					throw new ItemFailure(inPanelWords(faultOf(error), submission.head, mimeTypes), error);
				});
		}
	});
}

async function previewChange(
	session: Session,
	{ head, content, told }: Change,
	maxBytes: number,
): Promise<object> {
	const body = content === null ? { op: 'delete' } : await whole(content, maxBytes);
	if (body === null) return { ...told, tenant: head.tenant, docId: head.docId, state: 'vanished' };
	const answer = await session.api.request<PreviewResponse>({
		method: 'POST',
		path: '/v1/preview',
		body: { ...head, ...body },
		...until(session),
	});
	return told === null ? answer : { ...told, ...answer, docdrop: asSeen(told.docdrop, answer) };
}

/** The file may have changed before it was previewed: what was seen then is what somebody may agree to. */
const asSeen = (docdrop: FileMarks, { contentSha256 }: PreviewResponse): FileMarks => ({
	...docdrop,
	sha256: contentSha256,
});

async function whole(content: Content, maxBytes: number): Promise<object | null> {
	if (content.kind === 'text') return { content: { text: content.text } };
	const bytes = content.kind === 'buffer' ? content.bytes : await read(content, maxBytes);
	if (bytes === null) return null;
	if (bytes.length > maxBytes) throw tooLarge(maxBytes);
	return { content: { base64: bytes.toString('base64') } };
}

async function read(content: Extract<Content, { kind: 'stream' }>, maxBytes: number): Promise<Buffer | null> {
	const stream = await content.open();
	if (stream === null) return null;
	const bytes = await readUpTo(stream, maxBytes);
	if (bytes === null) throw tooLarge(maxBytes);
	return bytes;
}

const tooLarge = (maxBytes: number) =>
	new ItemFailure(
		nodeFault(
			'too_large',
			`the content is larger than the ${maxBytes} bytes that a preview may have`,
			'Publish it without a preview: large files are streamed. Or raise DOCDROP_MAX_BODY_MB of the API.',
		),
	);
