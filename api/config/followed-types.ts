import { isPicture, mimeTypeOf } from '../contract/file-types.ts';
import type { Config } from './environment.ts';

/**
 * The type that the name of a followed file stands for; null: it is passed over. A folder holds much that nobody wants
 * sent elsewhere: what no reader here takes is for a reader outside only where the settings say which files to follow.
 */
export function followedTypes({
	tikaUrl,
	include,
	ocr,
}: Pick<Config, 'tikaUrl' | 'include' | 'ocr'>): (path: string) => string | null {
	const isRead = (type: string) => ocr.length > 0 || !isPicture(type);
	const readTypeOf = (path: string) => {
		const type = mimeTypeOf(path);
		return type === null || isRead(type) ? type : null;
	};
	if (tikaUrl === '' || include.length === 0) return readTypeOf;
	return (path) => readTypeOf(path) ?? 'application/octet-stream';
}
