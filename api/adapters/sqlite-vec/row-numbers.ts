/** Which rows a filter selects, as numbers in ascending order: as text in one row, because rows cost far more than numbers. */
import type { DatabaseSync } from 'node:sqlite';
import type { Within } from './filter-sql.ts';

/** Null: all of them. */
export function createRowNumbers(db: DatabaseSync): (tenant: number, within: Within) => Float64Array | null {
	return (tenant, { rows, params }) => {
		if (rows === null) return null;
		const statement = db.prepare(
			`SELECT count(*) AS count, CAST(group_concat(point) AS BLOB) AS numbers FROM ${rows}`,
		);
		statement.setAllowUnknownNamedParameters(true);
		const found = statement.get({ ...params, $tenant: tenant });
		const numbers = new Float64Array(Number(found?.['count']));
		if (numbers.length > 0) parse(found?.['numbers'] as Uint8Array, numbers);
		return numbers.sort();
	};
}

const comma = 0x2c;
const zero = 0x30;

function parse(text: Uint8Array, into: Float64Array): void {
	let at = 0;
	for (const byte of text) {
		if (byte === comma) at += 1;
		else into[at] = (into[at] as number) * 10 + byte - zero;
	}
}
