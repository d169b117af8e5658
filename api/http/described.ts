/** What the OpenAPI description says of a route, and the schemas of what it takes and answers. */
export const described = <S extends object>(tag: string, summary: string, schemas: S) => ({
	schema: { tags: [tag], summary, ...schemas },
});

/** The same of a route that answers pages of many rows; see list-turns.ts. */
export const describedList = <S extends object>(tag: string, summary: string, schemas: S) => ({
	...described(tag, summary, schemas),
	config: { isList: true },
});
