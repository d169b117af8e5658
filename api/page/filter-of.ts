/** The filter that the fields ask for; null: none. Throws a SyntaxError where its JSON is none. Pure. */
export function filterOf(given: {
	readonly folder: string;
	readonly type: string;
	readonly json: string;
}): Record<string, unknown> | null {
	const [folder, type, json] = [given.folder.trim(), given.type.trim(), given.json.trim()];
	const parts = [
		...(folder === '' ? [] : [{ path: { prefix: folder } }]),
		...(type === '' ? [] : [{ mimeType: type }]),
		...(json === '' ? [] : [JSON.parse(json) as Record<string, unknown>]),
	];
	const [only, ...others] = parts;
	if (only === undefined) return null;
	return others.length === 0 ? only : { and: parts };
}
