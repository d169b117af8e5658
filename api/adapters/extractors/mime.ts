/** Types by file name. The folder source and the ingress ask here; what a file holds is not looked at. */

const types: Readonly<Record<string, string>> = {
	txt: 'text/plain',
	text: 'text/plain',
	log: 'text/plain',
	rst: 'text/x-rst',
	md: 'text/markdown',
	markdown: 'text/markdown',
	htm: 'text/html',
	html: 'text/html',
	xhtml: 'application/xhtml+xml',
};

/** The type that a path's extension stands for, in any case; null where no extractor reads it. */
export function mimeTypeOf(path: string): string | null {
	const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
	const dot = name.lastIndexOf('.');
	if (dot < 1) return null;
	const extension = name.slice(dot + 1).toLowerCase();
	return Object.hasOwn(types, extension) ? (types[extension] ?? null) : null;
}
