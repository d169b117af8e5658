/** Lists of the API, page by page, up to what the user wants. */
import { limits } from '../../../api/contract/limits.ts';
import { until, type Session } from '../session.ts';

export interface ListCall {
	readonly path: string;
	/** Name of the list in the answer. */
	readonly list: string;
	readonly query: Readonly<Record<string, string>>;
}

/** Reads the parameters Return All and Limit of the item. */
export async function readPages(
	session: Session,
	item: number,
	{ path, list, query }: ListCall,
): Promise<object[]> {
	const { parameters } = session;
	const wanted = parameters.flag('returnAll', item) ? Infinity : parameters.number('limit', item, 50);
	const found: object[] = [];
	let after: string | null = null;
	do {
		const limit = Math.min(limits.pageRows, wanted - found.length);
		const page: { readonly next: string | null } & Readonly<Record<string, unknown>> =
			await session.api.request({
				method: 'GET',
				path,
				query: { ...query, limit, ...(after !== null && { after }) },
				...until(session),
			});
		for (const one of page[list] as readonly object[]) found.push(one);
		after = page.next;
	} while (after !== null && found.length < wanted);
	return found;
}

/** The options that are filled in, by the names that the API gives them. */
export function filled(
	options: Readonly<Record<string, unknown>>,
	names: readonly string[],
): Record<string, string> {
	const set: Record<string, string> = {};
	for (const name of names) {
		const value = options[name];
		if (typeof value === 'string' && value.trim() !== '') set[name] = value;
	}
	return set;
}
