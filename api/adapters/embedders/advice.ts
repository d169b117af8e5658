/**
 * What a person can set where a server refuses, told by the words that Ollama, LM Studio, vLLM, Text Embeddings Inference
 * and llama.cpp use; '' where they say nothing that we know. Pure.
 */
const known: readonly (readonly [RegExp, string | ((found: RegExpExecArray) => string)])[] = [
	[
		/maximum context length|must have less than \d+ tokens|exceeds? the (?:maximum )?context length|exceed n_ctx|too many tokens|input is too (?:long|large)/i,
		'set DOCDROP_CHUNK_TOKENS or DOCDROP_CHUNK_CHARS so that a chunk with the headings above it is below the limit of the model',
	],
	[
		/maximum allowed batch size (\d+)/i,
		([, most]) => `set DOCDROP_EMBEDDER_BATCH to ${most ?? 'that'} or less`,
	],
	[
		/try pulling it first/i,
		'fetch it with ollama pull, or set DOCDROP_EMBEDDER_MODEL to one that ollama list shows',
	],
	[
		/no models? (?:is |are )?loaded|model .{0,80}(?:not found|not loaded|does not exist)/i,
		'load the model in the server, or set DOCDROP_EMBEDDER_MODEL to one that it has',
	],
	[/unexpected endpoint/i, 'DOCDROP_EMBEDDER_URL must end in /v1'],
];

export function adviceFor(words: string): string {
	for (const [pattern, advice] of known) {
		const found = pattern.exec(words);
		if (found !== null) return ` (${typeof advice === 'string' ? advice : advice(found)})`;
	}
	return '';
}
