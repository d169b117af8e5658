/** 1 change, 2 changes, 1,234 changes. */
export const count = (n: number, one: string, many = `${one}s`) =>
	`${n.toLocaleString('en')} ${n === 1 ? one : many}`;
