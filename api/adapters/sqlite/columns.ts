import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { Failure } from '../../domain/index.ts';
import { uuidFromBytes, uuidToBytes } from './uuid.ts';

/**
 * How values lie in columns. A table of fields says once, for each property of a row's type, which column it is in
 * and how it is read and written; the compiler holds it complete.
 */
export interface Field<T> {
	/** Its columns; an object has one or more for each property. */
	readonly names: readonly string[];
	/** Written as it is: most columns are, and a call for each would cost a third of a write. */
	readonly isPlain?: boolean;
	/** From the values of a row, its first column being at `at`. */
	read(values: readonly SQLInputValue[], at: number): T;
	write(value: T, into: SQLInputValue[]): void;
}

/** What SQLite takes and gives as it is. */
const plain = <T extends SQLInputValue>(name: string): Field<T> => ({
	names: [name],
	isPlain: true,
	read: (values, at) => values[at] as T,
	write: (value, into) => void into.push(value),
});
const coded = <T>(
	name: string,
	read: (value: SQLInputValue) => T,
	write: (value: T) => SQLInputValue,
): Field<T> => ({
	names: [name],
	read: (values, at) => read(values[at] as SQLInputValue),
	write: (value, into) => void into.push(write(value)),
});

export const integer: <T extends number = number>(name: string) => Field<T> = plain;
export const integerOrNull = plain<number | null>;
export const text: <T extends string = string>(name: string) => Field<T> = plain;
export const textOrNull = plain<string | null>;
export const uuid = (name: string) => coded(name, (value) => uuidFromBytes(value as Uint8Array), uuidToBytes);
export const uuidOrNull = (name: string) =>
	coded<string | null>(
		name,
		(value) => (value === null ? null : uuidFromBytes(value as Uint8Array)),
		(id) => (id === null ? null : uuidToBytes(id)),
	);
export const hex = (name: string) =>
	coded(
		name,
		(value) => Buffer.from(value as Uint8Array).toString('hex'),
		(digits) => Buffer.from(digits, 'hex'),
	);
export const flag = (name: string) => coded(name, (value) => value === 1, Number);
export const op = (name: string) =>
	coded<'put' | 'delete'>(
		name,
		(value) => (value === 1 ? 'delete' : 'put'),
		(value) => (value === 'put' ? 0 : 1),
	);
const askedOps = ['put', 'delete', 'patch'] as const;
export const askedOp = (name: string) =>
	coded<(typeof askedOps)[number]>(
		name,
		(value) => askedOps[value as number] ?? 'put',
		(value) => askedOps.indexOf(value),
	);
export const jsonOrNull = <T>(name: string) =>
	coded<T | null>(
		name,
		(value) => (value === null ? null : (JSON.parse(value as string) as T)),
		(value) => (value === null ? null : JSON.stringify(value)),
	);

/** Empty is null, as most are. */
export const list = <T>(name: string) =>
	coded<readonly T[]>(
		name,
		(value) => (value === null ? [] : (JSON.parse(value as string) as T[])),
		(items) => (items.length === 0 ? null : JSON.stringify(items)),
	);

export function object<T extends object>(fields: { readonly [K in keyof T]-?: Field<T[K]> }): Field<T> {
	const keys = Object.keys(fields) as (keyof T)[];
	const parts = keys.map((key) => fields[key]);
	const names = parts.flatMap((part) => part.names);
	/** Copied for each row: filling what is there is several times as fast as adding properties one by one. */
	const template = Object.fromEntries(keys.map((key) => [key, undefined])) as T;
	return {
		names,
		read(values, at) {
			const made = { ...template };
			let next = at;
			for (let index = 0; index < parts.length; index += 1) {
				const part = parts[index] as Field<T[keyof T]>;
				made[keys[index] as keyof T] = part.read(values, next);
				next += part.names.length;
			}
			return made;
		},
		write(value, into) {
			for (let index = 0; index < parts.length; index += 1) {
				const part = parts[index] as Field<T[keyof T]>;
				const one = value[keys[index] as keyof T];
				if (part.isPlain === true) into.push(one as SQLInputValue);
				else part.write(one, into);
			}
		},
	};
}

/** Null where its first column is, which no object of it leaves empty. */
export const orNull = <T>({ names, read, write }: Field<T>): Field<T | null> => ({
	names,
	read: (values, at) => (values[at] === null ? null : read(values, at)),
	write(value, into) {
		if (value !== null) write(value, into);
		else for (let count = 0; count < names.length; count += 1) into.push(null);
	},
});

export const failure = orNull(object<Failure>({ code: text('error_code'), message: text('error_message') }));

/** Stands in no column. */
export const constant = <T>(value: T): Field<T> => ({ names: [], read: () => value, write: () => {} });

export function valuesOf<T>(field: Field<T>, value: T): SQLInputValue[] {
	const values: SQLInputValue[] = [];
	field.write(value, values);
	return values;
}

export const selectSql = ({ names }: Field<unknown>, from: string): string =>
	`SELECT ${names.join(', ')} ${from}`;

/** Rows come as arrays, which costs about half as much as an object with a name for each column. */
export function query<T>(db: DatabaseSync, fields: Field<T>, from: string) {
	const statement = db.prepare(selectSql(fields, from));
	statement.setReturnArrays(true);
	return {
		get(...values: SQLInputValue[]): T | undefined {
			const row = statement.get(...values) as SQLInputValue[] | undefined;
			return row === undefined ? undefined : fields.read(row, 0);
		},
		all: (...values: SQLInputValue[]): T[] =>
			(statement.all(...values) as unknown as SQLInputValue[][]).map((row) => fields.read(row, 0)),
	};
}

export const insertSql = (table: string, names: readonly string[]): string =>
	`INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;

export const updateSql = (table: string, names: readonly string[], where: string): string =>
	`UPDATE ${table} SET ${names.map((name) => `${name} = ?`).join(', ')} WHERE ${where}`;
