/** What the options of preview and publish say of a document. */
import type { DocumentInput } from '../../../api/contract/document-schema.ts';
import type { Session } from '../session.ts';
import { jsonObject } from './json-object.ts';

type OptionFields = Pick<DocumentInput, 'metadata' | 'mimeType' | 'path' | 'takeOver' | 'title'>;

export function fieldsOf({ parameters }: Session, item: number): OptionFields {
	const options = parameters.options('options', item);
	const text = (name: string) => {
		const value = options[name];
		return typeof value === 'string' && value.trim() !== '' ? { [name]: value.trim() } : {};
	};
	const metadata = jsonObject(options['metadata'], {
		...{ field: 'metadata', label: 'Metadata', like: '{"team": "support"}' },
	});
	return {
		...text('title'),
		...text('path'),
		...text('mimeType'),
		...(metadata !== null && { metadata }),
		...(options['takeOver'] === true && { takeOver: true }),
	};
}
