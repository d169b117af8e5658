/** What the options of preview and publish say of a document. */
import type { DocumentInput } from '../../../api/contract/document-schema.ts';
import { ItemFailure, nodeFault } from '../failing.ts';
import type { Session } from '../session.ts';

type OptionFields = Pick<DocumentInput, 'metadata' | 'mimeType' | 'path' | 'takeOver' | 'title'>;

export function fieldsOf({ parameters }: Session, item: number): OptionFields {
	const options = parameters.options('options', item);
	const text = (name: string) => {
		const value = options[name];
		return typeof value === 'string' && value.trim() !== '' ? { [name]: value.trim() } : {};
	};
	return {
		...text('title'),
		...text('path'),
		...text('mimeType'),
		...metadataOf(options['metadata']),
		...(options['takeOver'] === true && { takeOver: true }),
	};
}

/** JSON fields hold text, or an object where an expression made one. */
function metadataOf(value: unknown): Pick<DocumentInput, 'metadata'> {
	if (value === undefined || value === null || value === '') return {};
	let metadata: unknown = value;
	if (typeof value === 'string') {
		try {
			metadata = JSON.parse(value);
		} catch (error) {
			throw badMetadata('Metadata is not well-formed JSON', error);
		}
	}
	if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
		throw badMetadata('Metadata is not a JSON object');
	}
	return Object.keys(metadata).length === 0 ? {} : { metadata: metadata as Record<string, unknown> };
}

const badMetadata = (message: string, cause?: unknown) =>
	new ItemFailure(
		nodeFault('invalid', message, 'Write an object, such as {"team": "support"}.', {
			field: 'metadata',
			retryable: false,
		}),
		cause,
	);
