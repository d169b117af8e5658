/**
 * What the contract allows at most, what it takes where nothing is said, and which names it takes, for all who must
 * know it: the schemas, the nodes, the command line and the texts of each. No schema library here: nodes and threads
 * load this file.
 */
export const limits = {
	/** Results of one search. */
	searchResults: 100,
	/** Of a search: results up to here can be asked for, page by page. */
	searchWindow: 200,
	/** Chunks before a passage, and as many behind it, that an answer may show with it. */
	contextChunks: 5,
	/** Places of a passage where words of the query stand, and are told. */
	highlights: 50,
	/** Fields that a search counts the values of, and values of each that it tells. */
	facetFields: 10,
	facetValues: 50,
	/**
	 * Of a filter: conditions, how deep and, or and not may stand in one another, values of all its lists together, and
	 * code units of one text and of a field's name.
	 */
	filterConditions: 64,
	filterDepth: 8,
	filterValues: 500,
	filterTextChars: 512,
	/** Of its JSON where it stands in an address. */
	filterBytes: 8_192,
	/** Of an address and its headers: of a filter's characters each may be nine bytes there. */
	headerBytes: 98_304,
	metadataNameChars: 128,
	/** Texts of one call for embeddings: as many as OpenAI takes, because its clients fill their calls up to that. */
	embeddingTexts: 2_048,
	/** Different words of a query that are searched for: the first of them. What they cost grows faster than they do. */
	searchTerms: 64,
	/** Rows in one page of a list. */
	pageRows: 500,
	/** Of the name of a place among a document's chunks; a key of their order grows where edits are many. */
	chunkPlaceChars: 4_096,
	/** Changes in one request. */
	batchDocuments: 500,
	/** Documents that one request by filter changes, and of those that were refused, how many it names. */
	filteredChanges: 1_000,
	filteredFailures: 20,
	/**
	 * Of a form, beside its files: parts that are fields, bytes of each of them and of the manifest, and bytes of the
	 * headers of any part.
	 */
	formFields: 100,
	formFieldBytes: 65_536,
	manifestBytes: 1_048_576,
	partHeaderBytes: 16_384,
	/** Of all of a form. */
	uploadBytes: 1_073_741_824,
	/** What a form's small files and fields may take of the memory for bodies; further ones go to the disk at once. */
	uploadMemoryBytes: 4_194_304,
	/** Of a body that is streamed so much must come in so long, ms: 1 kB a second. */
	streamedBytes: 65_536,
	streamedMs: 60_000,
	/** Jobs that one request may name. */
	jobIds: 100,
	/** Items of a synced list. */
	listItems: 100_000,
	listNameChars: 100,
	listVersionChars: 256,
	/** Files of each kind that a workflow names when it tells of a folder. */
	reportedFiles: 20,
	/** Of what it tells, as JSON. */
	reportBytes: 32_768,
	/** Of a message to /mcp. */
	mcpBytes: 131_072,
	/** Characters of documents in one answer to an agent. Its client counts tokens, and refuses an answer of too many. */
	agentChars: 24_000,
	tenantChars: 128,
	docIdBytes: 1_024,
	/** Of a document's own metadata, as JSON. */
	metadataBytes: 16_384,
} as const;

/** Results of a search that names no number. */
export const searchResultsUnset = {
	/** Of a request, which a program sends. */
	request: 10,
	/** Of the command line and of the action node: there, somebody reads every one of them. */
	reader: 5,
} as const;

export const tenantPattern = '^[A-Za-z0-9][A-Za-z0-9._:@-]*$';
/** What must be of a tenant's name, in words. */
export const tenantDemand = `at most ${limits.tenantChars} letters, digits and . _ : @ -, a letter or digit first`;

/** What a name of metadata must be to be filtered by: every index can be asked for it. */
export const fieldNameRule = new RegExp(
	`^(?!__proto__$)[^"\\\\\\p{Cc}]{1,${limits.metadataNameChars}}$`,
	'u',
);

const tenantRule = new RegExp(tenantPattern);
export const isTenant = (text: string): boolean => text.length <= limits.tenantChars && tenantRule.test(text);
