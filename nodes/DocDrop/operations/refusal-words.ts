/** The API's refusals of documents in the words of this package's panels: what a person can set, and where. Pure. */
import { fileTypes, isPicture, mimeTypeOf } from '../../../api/contract/file-types.ts';
import { inOtherWords } from '../failing.ts';
import type { Head } from '../input/submission.ts';
import type { Fault } from '../node-errors.ts';

/** Only its changes have a place in a sender's order. */
export const isOfTrigger = ({ source }: Pick<Head, 'source'>): boolean => source !== undefined;

/** `mimeTypes`: what the API reads, as it said. */
export function inPanelWords(fault: Fault, head: Head, mimeTypes: readonly string[]): Fault {
	switch (fault.code) {
		case 'unsupported_type': {
			const way = isOfTrigger(head)
				? 'Leave it out with the option File Types of the DocDrop Trigger.'
				: 'If it is one of these under another name, set the option MIME Type.';
			const reads = `It reads ${[...new Set(mimeTypes.map(nameOf))].join(', ')}.`;
			const ocr = isOfPicture(head) ? ' Images are read where its setting DOCDROP_OCR is on.' : '';
			return inOtherWords(fault, `DocDrop cannot read ${typeOf(head)}`, `${reads}${ocr} ${way}`);
		}
		case 'owned': {
			const way = isOfTrigger(head)
				? 'If this workflow is to have it, switch on the option Take Over Documents of the DocDrop Trigger. Else let the trigger give its documents another Tenant or Document ID.'
				: 'If it is to be replaced, switch on the option Take Over. Else use another Tenant or Document ID.';
			return inOtherWords(fault, fault.message, way);
		}
		default:
			return fault;
	}
}

const isOfPicture = ({ mimeType, path, docId }: Head): boolean =>
	isPicture(mimeType ?? mimeTypeOf(path ?? docId) ?? '');

/** By which the API chose, or would have chosen. */
function typeOf({ mimeType, path, docId }: Head): string {
	if (mimeType !== undefined) return mimeType;
	const ending = /[^/\\](\.[^./\\]+)$/.exec(path ?? docId)?.[1];
	return ending ?? `${JSON.stringify(path ?? docId)}, whose name has no ending`;
}

/** Types that only a newer API reads are said as they are. */
const nameOf = (mimeType: string): string =>
	Object.hasOwn(fileTypes, mimeType) ? fileTypes[mimeType as keyof typeof fileTypes].name : mimeType;
