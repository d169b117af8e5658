import assert from 'node:assert/strict';
import { startApp, type TestApp } from '../support/app.ts';
import { call, type Call } from '../support/call.ts';
import { assertRefusal, snapshot, type Expected } from '../support/refusal.ts';
import { settled } from '../support/settled.ts';

/**
 * Bad input, as an attacker or a broken client sends it, against one listening app: each is refused with a
 * 4xx that names the field, the demand and the value, and after all of them the store is what it was.
 */
type Case = readonly [name: string, request: Call, expected: Expected];

const invalid = (field: string, says?: RegExp): Expected => ({
	code: 'invalid',
	field,
	...(says && { says }),
});
const job = '0190163d-8694-739b-aea5-966c26f8ad91';
const document = { tenant: 'acme', docId: 'a.txt', content: { text: 'harmless' } };
const source = { sourceId: 's', epoch: 'e', seq: 1 };

/** A publish with some fields replaced. */
const publish = (fields: object): Call => ({ path: '/v1/publish', body: { ...document, ...fields } });
/** A publish whose JSON is written by hand: what JSON.stringify would not write. */
const publishRaw = (field: string): Call => ({
	path: '/v1/publish',
	body: `{"tenant":"acme","docId":"a.txt","content":{"text":"x"},${field}}`,
});
const get = (path: string): Call => ({ path });
const list = (query: string): Call => get(`/v1/documents?tenant=acme&${query}`);
const del = (query: string): Call => ({ method: 'DELETE', path: `/v1/documents?${query}` });
const put = (
	query: string,
	body: string | Uint8Array = 'x',
	headers = { 'content-type': 'text/plain' },
): Call => ({
	method: 'PUT',
	path: `/v1/documents/content?${query}`,
	body,
	headers,
});
const post = (path: string, body: unknown): Call => ({ path, body });
const nested = (open: string, close: string, levels = 100_000) =>
	`${open.repeat(levels)}1${close.repeat(levels)}`;

const bodies: Case[] = [
	['nothing', post('/v1/publish', ''), invalid('body', /JSON/)],
	['no body and no type', { method: 'POST', path: '/v1/publish' }, invalid('body', /object/)],
	['half a JSON', post('/v1/publish', '{"tenant":"acme"'), invalid('body', /well-formed JSON/)],
	['NaN', post('/v1/publish', '{"tenant":NaN}'), invalid('body', /well-formed JSON/)],
	['null', post('/v1/publish', 'null'), invalid('body', /object, got null/)],
	['a string', post('/v1/publish', '"acme"'), invalid('body', /object, got "acme"/)],
	['an array', post('/v1/publish', [document]), invalid('body', /object, got an array of 1/)],
	['100,000 levels', post('/v1/publish', nested('[', ']')), invalid('body', /object/)],
	[
		'bytes that are not UTF-8',
		post('/v1/publish', Buffer.from(JSON.stringify({ ...document, docId: 'caf\xe9.txt' }), 'latin1')),
		invalid('body', /UTF-8/),
	],
	['__proto__', publishRaw('"__proto__":{"tenant":"x"}'), invalid('body', /__proto__/)],
	['__proto__, escaped', publishRaw('"_\\u005fproto__":{"tenant":"x"}'), invalid('body', /__proto__/)],
	[
		'constructor.prototype',
		publishRaw('"metadata":{"constructor":{"prototype":{"a":1}}}'),
		invalid('body', /constructor/),
	],
	[
		'more than the limit',
		post('/v1/publish', 'x'.repeat(1_200_000)),
		{ code: 'too_large', field: 'body', says: /at most 1048576 bytes, got 1200000/ },
	],
	[
		'another type',
		{ ...publish({}), headers: { 'content-type': 'text/plain' } },
		{ code: 'unsupported_type', field: 'content-type', says: /application\/json/ },
	],
	[
		'a form, as a web page sends it',
		{ ...publish({}), headers: { 'content-type': 'application/x-www-form-urlencoded' } },
		{ code: 'unsupported_type', field: 'content-type' },
	],
	[
		'a type that is none',
		{ ...publish({}), headers: { 'content-type': ';;;' } },
		{ code: 'unsupported_type', field: 'content-type' },
	],
	[
		'a compressed body',
		{ ...publish({}), headers: { 'content-encoding': 'gzip' } },
		{ code: 'unsupported_type', field: 'content-encoding' },
	],
];

const ids: Case[] = [
	['no tenant', publish({ tenant: undefined }), invalid('tenant', /required/)],
	['tenant null', publish({ tenant: null }), invalid('tenant', /string, got null/)],
	['tenant 7', publish({ tenant: 7 }), invalid('tenant', /string, got 7/)],
	[
		'tenant of a wrong form',
		publish({ tenant: '../acme' }),
		invalid('tenant', /must be at most 128 letters, digits and .+got "\.\.\/acme"/),
	],
	['tenant __proto__', publish({ tenant: '__proto__' }), invalid('tenant')],
	['tenant of 129', publish({ tenant: 'a'.repeat(129) }), invalid('tenant', /128/)],
	['no docId', publish({ docId: undefined }), invalid('docId', /required/)],
	['empty docId', publish({ docId: '' }), invalid('docId', /1 char/)],
	['docId an object', publish({ docId: {} }), invalid('docId', /string, got an object/)],
	['docId of 1,025 bytes', publish({ docId: 'a'.repeat(1_025) }), invalid('docId', /1,?024/)],
	[
		'docId of 1,025 bytes in 513 characters',
		publish({ docId: `a${'é'.repeat(512)}` }),
		invalid('docId', /1,024 bytes/),
	],
	[
		'docId of 1,028 bytes in 257 emoji',
		publish({ docId: '😀'.repeat(257) }),
		invalid('docId', /1,024 bytes/),
	],
	['docId of a megabyte', publish({ docId: 'x'.repeat(1_000_000) }), invalid('docId', /1024/)],
	['docId with NUL', publish({ docId: 'a\0.txt' }), invalid('docId', /control characters/)],
	['docId with a newline', publish({ docId: 'a\n.txt' }), invalid('docId', /control characters/)],
	['docId with C1 control', publish({ docId: 'a\u0085.txt' }), invalid('docId', /control characters/)],
	[
		'docId with half a surrogate pair',
		post('/v1/publish', '{"tenant":"acme","docId":"\\ud800.txt","content":{"text":"x"}}'),
		invalid('docId', /well-formed Unicode/),
	],
	[
		'docId with the pair the wrong way round',
		post('/v1/publish', '{"tenant":"acme","docId":"\\udc00\\ud800","content":{"text":"x"}}'),
		invalid('docId', /well-formed Unicode/),
	],
	['a field that is not known', publish({ docID: 'b' }), invalid('docID', /not a known field/)],
	[
		'a field name of 100 kB',
		publish({ ['x'.repeat(100_000)]: 1 }),
		{ code: 'invalid', field: `${'x'.repeat(199)}…` },
	],
];

const contents: Case[] = [
	['none', publish({ content: undefined }), invalid('content', /required when op is put/)],
	['empty', publish({ content: {} }), invalid('content/text', /required/)],
	['a string', publish({ content: 'x' }), invalid('content', /object/)],
	[
		'text and base64',
		publish({ content: { text: 'a', base64: 'YQ==' } }),
		invalid('content/base64', /beside/),
	],
	['text a number', publish({ content: { text: 1 } }), invalid('content/text', /string/)],
	[
		'something else',
		publish({ content: { url: 'file:///etc/passwd' } }),
		invalid('content/url', /not a known/),
	],
	[
		'half a surrogate pair',
		post('/v1/publish', '{"tenant":"acme","docId":"a.txt","content":{"text":"\\udfff"}}'),
		invalid('content/text', /Unicode/),
	],
	['base64 without padding', publish({ content: { base64: 'YQ' } }), invalid('content/base64', /padding/)],
	['base64 of URLs', publish({ content: { base64: '_-8=' } }), invalid('content/base64', /standard/)],
	[
		'base64 with a newline',
		publish({ content: { base64: 'YWFh\nYWE' } }),
		invalid('content/base64', /standard/),
	],
	[
		'base64 with padding inside',
		publish({ content: { base64: 'YQ==YQ==' } }),
		invalid('content/base64', /standard/),
	],
	['a delete with content', publish({ op: 'delete' }), invalid('content', /absent/)],
	['an op that is none', publish({ op: 'upsert' }), invalid('op', /put, delete, patch, got "upsert"/)],
	[
		'a patch with content',
		publish({ op: 'patch', metadata: { a: 1 } }),
		invalid('content', /absent when op is/),
	],
	[
		'a deletion by a filter of nothing',
		post('/v1/documents/delete', { tenant: 'acme', filter: {} }),
		invalid('filter', /at least one field/),
	],
	[
		'a deletion by a hostile name',
		post('/v1/documents/delete', { tenant: 'acme', filter: { [`a' OR "1"="1`]: 1 } }),
		invalid(`filter/a' OR "1"="1`, /is not the name of a field/),
	],
	[
		'a patch with a hostile name',
		{
			method: 'PATCH',
			path: '/v1/documents',
			body: '{"tenant":"acme","docId":"a.txt","metadata":{"__proto__":{"a":1}}}',
		},
		invalid('body', /__proto__/),
	],
	['a hash that is none', publish({ sha256: 'ABC' }), invalid('sha256', /lower-case hex/)],
	[
		'a type that nobody reads',
		publish({ mimeType: 'image/png' }),
		{ code: 'unsupported_type', field: 'mimeType', says: /text\/plain.+got "image\/png"/ },
	],
	['a type that is none', publish({ mimeType: 'pdf' }), invalid('mimeType', /got "pdf"/)],
	[
		'a type named like a method',
		publish({ mimeType: 'constructor/x' }),
		{ code: 'unsupported_type', field: 'mimeType' },
	],
];

const fields: Case[] = [
	['title a number', publish({ title: 1 }), invalid('title', /string, got 1/)],
	['title of 1,025', publish({ title: 't'.repeat(1_025) }), invalid('title', /1024/)],
	['title with half a pair', publishRaw('"title":"\\ud83d"'), invalid('title', /Unicode/)],
	['path with half a pair', publishRaw('"path":"\\ud83d"'), invalid('path', /Unicode/)],
	['metadata null', publish({ metadata: null }), invalid('metadata', /object, got null/)],
	['metadata an array', publish({ metadata: [] }), invalid('metadata', /object/)],
	[
		'metadata named as ours and as what ours is kept as',
		publish({ metadata: { tenant: 'other', given_tenant: 'x' } }),
		invalid('metadata/given_tenant', /absent/),
	],
	[
		'metadata with a whole number that JSON rounds',
		publishRaw('"metadata":{"a":{"id":1234567890123456789}}'),
		invalid('metadata/a/id', /exactly.+got one that reads as 12345678901234567/),
	],
	['metadata with 1e999', publishRaw('"metadata":{"x":1e999}'), invalid('metadata/x', /larger/)],
	[
		'a charset that is none',
		publish({ charset: 'klingon' }),
		invalid('charset', /windows-1251, got "klingon"/),
	],
	['metadata with an empty name', publish({ metadata: { '': 1 } }), invalid('metadata', /1 to 128/)],
	[
		'metadata with a name of 129',
		publish({ metadata: { ['k'.repeat(129)]: 1 } }),
		invalid('metadata', /1 to 128/),
	],
	['metadata with a newline in a name', publish({ metadata: { 'a\nb': 1 } }), invalid('metadata', /control/)],
	[
		'metadata with half a pair in a name',
		publishRaw('"metadata":{"\\ud800":1}'),
		invalid('metadata', /Unicode/),
	],
	[
		'metadata with half a pair inside',
		publishRaw('"metadata":{"a":[{"b":"\\ud800"}]}'),
		invalid('metadata', /Unicode/),
	],
	[
		'metadata of 17 kB',
		publish({ metadata: { a: 'x'.repeat(17_000) } }),
		invalid('metadata', /16384 bytes.+got 17/),
	],
	[
		'metadata of 33 levels',
		publishRaw(`"metadata":${nested('{"a":', '}', 33)}`),
		invalid('metadata', /32 levels/),
	],
	[
		'metadata of 100,000 levels',
		publishRaw(`"metadata":${nested('{"a":', '}')}`),
		invalid('metadata', /32 levels/),
	],
	[
		'an unknown field of 100,000 levels',
		publishRaw(`"more":${nested('[', ']')}`),
		invalid('more', /not a known/),
	],
	['seq -1', publish({ source: { ...source, seq: -1 } }), invalid('source/seq', />= 0, got -1/)],
	['seq 1.5', publish({ source: { ...source, seq: 1.5 } }), invalid('source/seq', /integer, got 1.5/)],
	[
		'seq above 32 bits',
		publish({ source: { ...source, seq: 2 ** 32 } }),
		invalid('source/seq', /got 4294967296/),
	],
	[
		'seq beyond all numbers',
		publishRaw('"source":{"sourceId":"s","epoch":"e","seq":1e999}'),
		invalid('source/seq', /Infinity/),
	],
	['seq as text', publish({ source: { ...source, seq: '1' } }), invalid('source/seq', /integer, got "1"/)],
	[
		'source without epoch',
		publish({ source: { sourceId: 's', seq: 1 } }),
		invalid('source/epoch', /required/),
	],
	[
		'a source that calls itself api',
		publish({ source: { ...source, sourceId: 'api' } }),
		invalid('source/sourceId', /"api"/),
	],
	['takeOver as text', publish({ takeOver: 'true' }), invalid('takeOver', /boolean, got "true"/)],
	[
		'a priority that is none',
		publish({ priority: 'urgent' }),
		invalid('priority', /low, normal, high, got "urgent"/),
	],
	['coalesced as number', publish({ coalesced: 1 }), invalid('coalesced', /boolean/)],
	[
		'preview with a priority',
		post('/v1/preview', { ...document, priority: 'high' }),
		invalid('priority', /not a known/),
	],
	[
		'preview without content',
		post('/v1/preview', { tenant: 'acme', docId: 'a.txt' }),
		invalid('content', /required/),
	],
];

const snapshotOf = { sourceId: 's', epoch: 'e', seq: 1, present: [], confirmed: false };
const batches: Case[] = [
	['of none', post('/v1/ingest/batch', { documents: [] }), invalid('documents', /1 item.+got an array of 0/)],
	[
		'a snapshot of a strange epoch',
		post('/v1/ingest/batch', { documents: [], snapshotComplete: { ...snapshotOf, epoch: ' ' } }),
		invalid('snapshotComplete/epoch'),
	],
	[
		'a snapshot that names no tenant',
		post('/v1/ingest/batch', {
			documents: [],
			snapshotComplete: { ...snapshotOf, present: [{ docId: 'a' }] },
		}),
		invalid('snapshotComplete/present/0/tenant'),
	],
	[
		'a snapshot without its word',
		post('/v1/ingest/batch', { documents: [], snapshotComplete: { ...snapshotOf, confirmed: 'yes' } }),
		invalid('snapshotComplete/confirmed'),
	],
	[
		'of 501',
		post('/v1/ingest/batch', { documents: Array(501).fill(document) }),
		invalid('documents', /500 items, got an array of 501/),
	],
	[
		'that is an object',
		post('/v1/ingest/batch', { documents: { 0: document } }),
		invalid('documents', /array/),
	],
	['without documents', post('/v1/ingest/batch', {}), invalid('documents', /required/)],
	[
		'with a wrong priority',
		post('/v1/ingest/batch', { documents: [document], priority: 1 }),
		invalid('priority'),
	],
];

const queries: Case[] = [
	...['NaN', '1.5', '-1', '0', '501', '1e2', '0x10', '', 'true', '9'.repeat(30)].map((limit): Case => [
		`limit=${limit.slice(0, 9)}`,
		list(`limit=${limit}`),
		invalid('limit'),
	]),
	['limit twice', list('limit=5&limit=6'), invalid('limit', /array of 2/)],
	['tenant twice', get('/v1/documents?tenant=acme&tenant=other'), invalid('tenant', /array of 2/)],
	['no tenant', get('/v1/documents'), invalid('tenant', /required/)],
	['a state that is none', list('state=gone'), invalid('state', /published.+got "gone"/)],
	['an unknown name', list('offset=1'), invalid('offset', /not a known/)],
	['__proto__', list('__proto__=1'), invalid('__proto__', /not a known/)],
	['a half percent sign', list('prefix=%zz'), invalid('url', /percent-encoded/)],
	['bytes that are not UTF-8', list('after=%ff'), invalid('url', /percent-encoded/)],
	['a prefix of 1,025', list(`prefix=${'p'.repeat(1_025)}`), invalid('prefix', /1024/)],
	['state without docId', get('/v1/documents/state?tenant=acme'), invalid('docId', /required/)],
	['state of none', get('/v1/documents/state?tenant=acme&docId=none'), { code: 'not_found', field: 'docId' }],
	[
		'chunks of none',
		get('/v1/documents/chunks?tenant=acme&docId=none'),
		{ code: 'not_found', field: 'docId' },
	],
	[
		'history of none',
		get('/v1/documents/history?tenant=acme&docId=none'),
		{ code: 'not_found', field: 'docId' },
	],
	[
		'history with a NUL',
		get('/v1/documents/history?tenant=acme&docId=a%00'),
		invalid('docId', /control characters/),
	],
	[
		'a document of another tenant',
		get('/v1/documents/state?tenant=other&docId=kept.txt'),
		{ code: 'not_found', field: 'docId' },
	],
	['delete without docId', del('tenant=acme'), invalid('docId', /required/)],
	['delete with half a source', del('tenant=acme&docId=kept.txt&seq=1'), invalid('sourceId', /required/)],
	[
		'delete with seq 1.5',
		del('tenant=acme&docId=kept.txt&sourceId=s&epoch=e&seq=1.5'),
		invalid('seq', /integer, got "1.5"/),
	],
	[
		'delete with an empty seq',
		del('tenant=acme&docId=kept.txt&sourceId=s&epoch=e&seq='),
		invalid('seq', /integer, got ""/),
	],
	[
		'delete with coalesced=yes',
		del('tenant=acme&docId=kept.txt&coalesced=yes'),
		invalid('coalesced', /boolean, got "yes"/),
	],
	[
		'delete by another source',
		del('tenant=acme&docId=kept.txt&sourceId=s&epoch=e&seq=1'),
		{ code: 'owned', field: 'source', says: /"api"/ },
	],
	['put without docId', put('tenant=acme'), invalid('docId', /required/)],
	[
		'put without a type',
		put('tenant=acme&docId=nameless', 'x', { 'content-type': 'application/octet-stream' }),
		{ code: 'unsupported_type', field: 'mimeType' },
	],
	[
		'put with metadata that is no JSON',
		put('tenant=acme&docId=a.txt&metadata=%7B'),
		invalid('metadata', /JSON/),
	],
	[
		'put with metadata an array',
		put('tenant=acme&docId=a.txt&metadata=%5B%5D'),
		invalid('metadata', /object/),
	],
	[
		'put with metadata __proto__',
		put(`tenant=acme&docId=a.txt&metadata=${encodeURIComponent('{"__proto__":{"a":1}}')}`),
		invalid('metadata', /__proto__|1 to 128/),
	],
	[
		'put with metadata whose number is rounded',
		put(`tenant=acme&docId=a.txt&metadata=${encodeURIComponent('{"id":12345678901234567890}')}`),
		invalid('metadata/id', /exactly/),
	],
	[
		'put compressed',
		put('tenant=acme&docId=a.txt', 'x', { 'content-type': 'text/plain', 'content-encoding': 'br' } as never),
		{ code: 'unsupported_type', field: 'content-encoding' },
	],
	[
		'put of a type that nobody reads',
		put('tenant=acme&docId=a.png', 'x', { 'content-type': 'image/png' }),
		{ code: 'unsupported_type', field: 'mimeType' },
	],
];

/** Once, for what is just beyond it and for what is just within. */
const mostResults = 100;
const search = (request: object): Call => post('/v1/search', { tenant: 'acme', query: 'a', ...request });
/** A filter in so many objects, as JSON: no recursion of ours may make it. */
const deep = (levels: number): Call =>
	post(
		'/v1/search',
		`{"tenant":"acme","query":"a","filter":${'{"not":'.repeat(levels)}{"a":1}${'}'.repeat(levels)}}`,
	);

const asks: Case[] = [
	['search without a query', post('/v1/search', { tenant: 'acme' }), invalid('query', /required/)],
	['search for nothing', post('/v1/search', { tenant: 'acme', query: ' \n' }), invalid('query')],
	[
		'search for 8,193',
		post('/v1/search', { tenant: 'acme', query: 'q'.repeat(8_193) }),
		invalid('query', /8192/),
	],
	[
		'search for half a pair',
		post('/v1/search', '{"tenant":"acme","query":"\\ud800"}'),
		invalid('query', /Unicode/),
	],
	[
		'search in half a pair',
		post('/v1/search', '{"tenant":"acme","query":"a","docId":"\\ud800"}'),
		invalid('docId', /Unicode/),
	],
	[
		'search with limit 0',
		post('/v1/search', { tenant: 'acme', query: 'a', limit: 0 }),
		invalid('limit', /got 0/),
	],
	[
		'search with a limit of one too many',
		post('/v1/search', { tenant: 'acme', query: 'a', limit: mostResults + 1 }),
		invalid('limit', new RegExp(`<= ${mostResults}, got ${mostResults + 1}`)),
	],
	[
		'search with limit 1.5',
		post('/v1/search', { tenant: 'acme', query: 'a', limit: 1.5 }),
		invalid('limit', /integer/),
	],
	[
		'search in a mode that is none',
		post('/v1/search', { tenant: 'acme', query: 'a', mode: 'fuzzy' }),
		invalid('mode', /hybrid, dense, text/),
	],
	['search in no filter', search({ filter: 'x' }), invalid('filter', /object/)],
	[
		'search in 10,000 conditions',
		search({ filter: { or: Array.from({ length: 10_000 }, (_, at) => ({ [`a${at}`]: at })) } }),
		invalid('filter/or', /at most 64 conditions/),
	],
	['search 10,000 deep', deep(10_000), invalid(`filter${'/not'.repeat(8)}`, /deeper than 8/)],
	[
		'search for 100,000 values',
		search({ filter: { a: { in: Array.from({ length: 100_000 }, (_, at) => `v${at}`) } } }),
		invalid('filter/a/in', /at most 500 values/),
	],
	[
		'search by a pattern',
		search({ filter: { a: { regex: '(a+)+$' } } }),
		invalid('filter/a/regex', /is not an operator/),
	],
	[
		'search by a prefix of 513',
		search({ filter: { a: { prefix: 'x'.repeat(513) } } }),
		invalid('filter/a/prefix'),
	],
	['search by a name of quotes', search({ filter: { 'a" OR "': 1 } }), invalid('filter/a" OR "')],
	['search by the tenant', search({ filter: { or: [{ tenant: 'other' }] } }), invalid('filter/or/0/tenant')],
	[
		'search by a prototype',
		post('/v1/search', '{"tenant":"acme","query":"a","filter":{"__proto__":{"x":1}}}'),
		invalid('body', /__proto__/),
	],
	[
		'search by a constructor’s prototype',
		post('/v1/search', '{"tenant":"acme","query":"a","filter":{"constructor":{"prototype":1}}}'),
		invalid('body', /prototype/),
	],
	['search beyond the last result', search({ offset: 200 }), invalid('offset')],
	['search before the first result', search({ offset: -1 }), invalid('offset')],
	['search for a score above 1', search({ minScore: 1.1 }), invalid('minScore')],
	['search with six chunks around', search({ context: 6 }), invalid('context')],
	['search with eleven facets', search({ facets: Array(11).fill('a') }), invalid('facets')],
	[
		'search with a facet of the tenant',
		search({ facets: ['tenant'] }),
		invalid('facets/0', /cannot be filtered by/),
	],
	['embeddings of nothing', post('/v1/embeddings', {}), invalid('input', /required/)],
	['embeddings of no texts', post('/v1/embeddings', { input: [] }), invalid('input')],
	['embeddings of an empty text', post('/v1/embeddings', { input: '' }), invalid('input')],
	[
		'embeddings of tokens',
		post('/v1/embeddings', { input: [1, 2] }),
		invalid('input', /got numbers of tokens/),
	],
	[
		'embeddings of texts as tokens',
		post('/v1/embeddings', { input: [[1, 2], [3]] }),
		invalid('input', /got numbers of tokens/),
	],
	[
		'embeddings of half a pair',
		post('/v1/embeddings', '{"input":["a","\\ud800"]}'),
		invalid('input', /Unicode/),
	],
	['embeddings of 2,049', post('/v1/embeddings', { input: Array(2_049).fill('a') }), invalid('input')],
	['another model', get('/v1/models/gpt-99'), { code: 'not_found', field: 'id', says: /the only model is/ }],
	[
		'embeddings of another length',
		post('/v1/embeddings', { input: 'a', dimensions: 3 }),
		invalid('dimensions', /256, got 3/),
	],
	[
		'embeddings in another format',
		post('/v1/embeddings', { input: 'a', encoding_format: 'hex' }),
		invalid('encoding_format', /float, base64/),
	],
	[
		'explain without a folder',
		get('/v1/files/explain?tenant=acme&docId=a'),
		{ code: 'not_found', field: 'tenant' },
	],
];

const jobsAndAddresses: Case[] = [
	[
		'a job id that is none',
		get('/v1/jobs/1;DROP TABLE jobs'.replaceAll(' ', '%20')),
		invalid('jobId', /uuid/),
	],
	['an unknown job', get(`/v1/jobs/${job}`), { code: 'not_found', field: 'jobId' }],
	[
		'cancel of an unknown job',
		{ method: 'POST', path: `/v1/jobs/${job}/cancel` },
		{ code: 'not_found', field: 'jobId' },
	],
	[
		'retry of an unknown job',
		{ method: 'POST', path: `/v1/jobs/${job}/retry` },
		{ code: 'not_found', field: 'jobId' },
	],
	['jobs after something else', get('/v1/jobs?after=yesterday'), invalid('after', /uuid/)],
	['jobs of a docId without tenant', get('/v1/jobs?docId=a'), invalid('tenant', /required/)],
	['jobs in a state that is none', get('/v1/jobs?state=done'), invalid('state', /got "done"/)],
	['an address that is none', get('/v2/publish'), { code: 'not_found' }],
	['an id of 300 in the path', get(`/v1/jobs/${'a'.repeat(300)}`), invalid('url', /long/)],
	['a half percent sign in the path', get('/v1/jobs/%zz'), invalid('url', /percent-encoded/)],
];

/** Exactly what the bounds allow, of requests that change nothing. */
const largest: (readonly [name: string, request: Call])[] = [
	['tenant of 128', post('/v1/search', { tenant: 'a'.repeat(128), query: 'a' })],
	['docId of 1,024 bytes', post('/v1/search', { tenant: 'acme', query: 'a', docId: 'é'.repeat(512) })],
	['metadata of 16,384 bytes', post('/v1/preview', { ...document, metadata: { a: 'x'.repeat(16_376) } })],
	['a batch of 500', post('/v1/ingest/batch', { documents: Array(500).fill(null) })],
	['a list with limit 500', list('limit=500')],
	['a hundred job ids', get(`/v1/jobs?ids=${Array(100).fill(job).join(',')}`)],
	[
		'search with the largest filter',
		search({ filter: { or: Array.from({ length: 64 }, (_, at) => ({ [`a${at}`]: at })) } }),
	],
	['search for the most values', search({ filter: { a: Array.from({ length: 500 }, (_, at) => at) } })],
	['search 7 deep', deep(7)],
	['search with the largest offset', search({ offset: 190 })],
	[
		'search by what every object has',
		search({ filter: { constructor: 'x', toString: 1 }, facets: ['constructor'] }),
	],
	['search with the largest limit', post('/v1/search', { tenant: 'acme', query: 'a', limit: mostResults })],
];

describe('abuse: requests', () => {
	let app: TestApp;
	let untouched: unknown;
	const state = () => snapshot(app, ['acme', 'other']);

	before(async () => {
		app = await startApp({ DOCDROP_MAX_BODY_MB: '1', DOCDROP_MAX_FILE_MB: '1' });
		await call(app.url, publish({ docId: 'kept.txt', coalesced: true }));
		await settled(app.url);
		untouched = await state();
	});
	after(async () => {
		assert.doesNotMatch(app.logged(), /"level":50/, 'no bad request is an error of ours');
		await app.close();
	});

	for (const [group, cases] of Object.entries({
		bodies,
		ids,
		contents,
		fields,
		batches,
		queries,
		asks,
		'jobs and addresses': jobsAndAddresses,
	})) {
		it(`${group}: ${cases.length} cases, each refused, none changes anything`, async () => {
			for (const [name, request, expected] of cases) {
				try {
					assertRefusal(await call(app.url, request), expected);
				} catch (cause) {
					throw new Error(`${group}, ${name}: ${(cause as Error).message}`, { cause });
				}
			}
			assert.deepEqual(await state(), untouched);
		});
	}

	it(`what is just within the bounds: ${largest.length} cases, each accepted`, async () => {
		for (const [name, request] of largest) {
			const { status, text } = await call(app.url, request);
			assert.ok(status < 300, `${name} was refused: ${status} ${text.slice(0, 500)}`);
		}
		assert.deepEqual(await state(), untouched);
	});

	it('wrong methods are 405 and say which are right, on every address', async () => {
		const rights: Record<string, string[]> = {
			'/v1/publish': ['POST'],
			'/v1/preview': ['POST'],
			'/v1/ingest/batch': ['POST'],
			'/v1/documents': ['GET', 'PATCH', 'DELETE'],
			'/v1/documents/delete': ['POST'],
			'/v1/documents/content': ['PUT'],
			'/v1/documents/state': ['GET'],
			'/v1/jobs': ['GET'],
			[`/v1/jobs/${job}`]: ['GET'],
			[`/v1/jobs/${job}/cancel`]: ['POST'],
			'/v1/search': ['POST'],
			'/v1/embeddings': ['POST'],
			'/v1/models': ['GET'],
			'/mcp': ['POST'],
			'/v1/info': ['GET'],
			'/v1/status': ['GET'],
			'/metrics': ['GET'],
			'/health/ready': ['GET'],
		};
		for (const [path, right] of Object.entries(rights)) {
			for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'QUERY']) {
				if (right.includes(method)) continue;
				const answer = await call(app.url, { method, path });
				assertRefusal(answer, { code: 'method_not_allowed', says: new RegExp(`got ${method}`) });
				const allowed = answer.headers.get('allow')?.split(', ') ?? [];
				assert.deepEqual(allowed.filter((one) => one !== 'HEAD').toSorted(), right.toSorted(), path);
			}
		}
		// Whatever its body is: nobody looks at it.
		const headers = { 'content-type': 'text/plain' };
		for (const [path, code] of [
			['/v1/info', 'method_not_allowed'],
			['/nowhere', 'not_found'],
		] as const)
			assertRefusal(await call(app.url, { method: 'POST', path, body: '{', headers }), { code });
		assert.deepEqual(await state(), untouched);
	});

	it('a finished job can be neither withdrawn nor tried again', async () => {
		const { jobs } = (await call(app.url, { path: '/v1/jobs?tenant=acme&state=published' })).json;
		for (const act of ['cancel', 'retry']) {
			const answer = await call(app.url, { method: 'POST', path: `/v1/jobs/${jobs[0].jobId}/${act}` });
			assertRefusal(answer, { code: 'conflict', field: 'jobId', says: /published/ });
		}
		assert.deepEqual(await state(), untouched);
	});
});
