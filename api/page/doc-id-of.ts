/** What a dropped file is called: its name, under a folder where one is given. Pure. */
export function docIdOf(folder: string, name: string): string {
	const under = folder.trim().replace(/^\/+|\/+$/g, '');
	return under === '' ? name : `${under}/${name}`;
}
