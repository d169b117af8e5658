import type { FilteredResponse } from '../contract/filtered-schema.ts';
import type { Asked, Client } from './api-client.ts';
import { count } from './counts.ts';
import { UsageError } from './usage-error.ts';

/** `docdrop delete` and `docdrop patch`: all documents that are like a filter, request by request. */
type Sum = Pick<FilteredResponse, 'matched' | 'accepted' | 'unchanged' | 'failed' | 'failures' | 'stopped'>;

export async function changeAll(client: Pick<Client, 'changeByFilter'>, asked: Asked): Promise<Sum> {
	const sum = { matched: 0, accepted: 0, unchanged: 0, failed: 0 };
	const failures: FilteredResponse['failures'] = [];
	for (let after: string | null = ''; after !== null;) {
		const page: FilteredResponse = await client.changeByFilter(asked, after);
		for (const name of ['matched', 'accepted', 'unchanged', 'failed'] as const) sum[name] += page[name];
		failures.push(...page.failures);
		if (page.stopped !== undefined) return { ...sum, failures, stopped: page.stopped };
		after = page.next;
	}
	return { ...sum, failures };
}

export function printChanged({ metadata, dryRun }: Asked, sum: Sum): string {
	const { matched, accepted, unchanged, failed, failures, stopped } = sum;
	const done = metadata === null ? 'deleted' : 'changed';
	if (dryRun) return `${count(matched, 'document')} would be ${done}.`;
	return [
		`${count(accepted, 'document')} of ${matched.toLocaleString('en')} will be ${done}` +
			(unchanged > 0 ? `, ${unchanged.toLocaleString('en')} needed nothing` : '') +
			'.',
		...(failed === 0 ? [] : [`REFUSED    ${count(failed, 'document')}, such as:`]),
		...failures.slice(0, 5).map(({ docId, error }) => `           ${docId}: ${error.message}`),
		...(stopped === undefined ? [] : [`STOPPED    ${stopped.message}. ${stopped.hint}`]),
	].join('\n');
}

/** Throws UsageError. */
export function metadataOf(text: string | undefined): Record<string, unknown> {
	const like = `'{"team":"support","draft":null}'`;
	if (text === undefined) throw new UsageError(`patch wants --set with the new metadata, such as ${like}`);
	let found: unknown;
	try {
		found = JSON.parse(text);
	} catch {
		throw new UsageError(`--set must be JSON, such as ${like}`);
	}
	if (typeof found === 'object' && found !== null && !Array.isArray(found))
		return found as Record<string, unknown>;
	throw new UsageError(`--set must be an object, such as ${like}`);
}
