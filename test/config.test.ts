import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { defaultChunkSettings } from '../api/chunking/chunk-sizes.ts';
import { chunkSettings, readConfig, settings } from '../api/config/index.ts';
import { isDocDropError } from '../api/errors.ts';

/** Reads the settings and returns the refusal. */
function refusal(env: Record<string, string>): { field: string | undefined; message: string } {
	try {
		readConfig(env);
	} catch (error) {
		assert.ok(isDocDropError(error), String(error));
		assert.equal(error.code, 'config_invalid');
		assert.ok(error.hint.length > 0);
		return { field: error.field, message: error.message };
	}
	throw new Error(`accepted: ${JSON.stringify(env)}`);
}

describe('settings', () => {
	it('have defaults that hold together; an empty variable is an unset one', () => {
		const config = readConfig({});
		assert.deepEqual(
			[
				config.host,
				config.port,
				config.windowMs,
				config.maxWaitMs,
				config.apiKeys,
				config.skipRateLimitsLocal,
			],
			['127.0.0.1', 8765, 500, 5_000, [], true],
		);
		const empty = Object.fromEntries(Object.values(settings).map(({ env }) => [env, '']));
		assert.deepEqual(readConfig(empty), config);
	});

	it('are read as numbers, flags, lists and text', () => {
		const config = readConfig({
			DOCDROP_PORT: '0',
			SKIP_RATE_LIMITS_LOCAL: 'false',
			DOCDROP_TRUSTED_PROXIES: ' 10.0.0.1, 192.168.0.0/16 ,fd00::/8,,',
			DOCDROP_API_KEYS: 'first,acme=second=2==',
			DOCDROP_TENANT: 'acme',
			PATH: '/usr/bin',
		});
		assert.deepEqual(
			[config.port, config.skipRateLimitsLocal, config.trustedProxies, config.apiKeys.length, config.tenant],
			[0, false, ['10.0.0.1', '192.168.0.0/16', 'fd00::/8'], 2, 'acme'],
		);
		assert.deepEqual(config.apiKeys, [
			{ tenant: null, key: 'first' },
			{ tenant: 'acme', key: 'second=2==' },
		]);
	});

	it('say the documents a minute of each tenant and of single ones', () => {
		const limits = (value: string) =>
			readConfig({ DOCDROP_TENANT_DOCUMENTS_PER_MINUTE: value }).tenantDocumentsPerMinute;
		assert.deepEqual(limits(''), { eachTenant: 0, tenants: new Map() });
		assert.deepEqual(limits('acme=6000, 600 ,beta = 0'), {
			eachTenant: 600,
			tenants: new Map([
				['acme', 6000],
				['beta', 0],
			]),
		});
		const faults = [
			'-1',
			'1.5',
			'NaN',
			'acme',
			'acme=',
			'=5',
			'a b=5',
			'acme=1=2',
			'1e3',
			'10000001',
			'600,700',
		];
		for (const value of [...faults, 'acme=1,acme=2', 'acme=Infinity']) {
			const { field, message } = refusal({ DOCDROP_TENANT_DOCUMENTS_PER_MINUTE: value });
			assert.equal(field, 'DOCDROP_TENANT_DOCUMENTS_PER_MINUTE', value);
			assert.match(message, /must be (N or TENANT=N|one number)/, value);
		}
	});

	it('say which metadata gets an index, and what its values are', () => {
		const fields = (value: string) => readConfig({ DOCDROP_INDEXED_METADATA: value }).indexedMetadata;
		assert.deepEqual(fields(''), new Map());
		assert.deepEqual(
			fields('author, fiscal year = number,due=date'),
			new Map([
				['author', 'text'],
				['fiscal year', 'number'],
				['due', 'date'],
			]),
		);
		for (const wrong of ['a=list', 'a=', 'a=date=x', 'a,a=date', 'docId', 'a"b', '__proto__', '=date'])
			assert.throws(
				() => fields(wrong),
				{ code: 'config_invalid', field: 'DOCDROP_INDEXED_METADATA' },
				wrong,
			);
	});

	it('say the weights of tenants', () => {
		const weights = (value: string) => readConfig({ DOCDROP_TENANT_WEIGHTS: value }).tenantWeights;
		assert.deepEqual(weights(''), new Map());
		assert.deepEqual(
			weights('acme=3, beta = 0.5'),
			new Map([
				['acme', 3],
				['beta', 0.5],
			]),
		);
		for (const value of [
			'3',
			'acme',
			'acme=',
			'acme=0',
			'acme=-1',
			'acme=101',
			'acme=1e1',
			'acme=1,acme=2',
			'a b=1',
			'acme=1=1',
		]) {
			const { field, message } = refusal({ DOCDROP_TENANT_WEIGHTS: value });
			assert.equal(field, 'DOCDROP_TENANT_WEIGHTS', value);
			assert.match(message, /must be TENANT=N once for each, N from 0\.01 to 100, got/, value);
		}
	});

	it('cut chunks by characters or by tokens, and repeat an eighth unless they say otherwise', () => {
		const sizes = (env: Record<string, string>) => chunkSettings(readConfig(env));
		assert.deepEqual(sizes({}), defaultChunkSettings);
		assert.deepEqual(sizes({ DOCDROP_CHUNK_CHARS: '800' }), { maxChars: 800, overlapChars: 100 });
		assert.deepEqual(sizes({ DOCDROP_CHUNK_OVERLAP: '0' }), { maxChars: 1200, overlapChars: 0 });
		assert.deepEqual(sizes({ DOCDROP_CHUNK_TOKENS: '512' }), { maxTokens: 512, overlapTokens: 64 });
		assert.deepEqual(sizes({ DOCDROP_CHUNK_TOKENS: '256', DOCDROP_CHUNK_OVERLAP: '20' }), {
			...{ maxTokens: 256, overlapTokens: 20 },
		});
	});

	it('are what the code uses: bytes, milliseconds, shares of one', () => {
		const config = readConfig({
			DOCDROP_MAX_FILE_MB: '3',
			DOCDROP_JOB_DAYS: '2',
			DOCDROP_BRAKE_PERCENT: '35',
		});
		assert.deepEqual(
			[config.maxFileBytes, config.jobMs, config.pollMs, config.massDeleteShare],
			[3_145_728, 172_800_000, 5_000, 0.35],
		);
	});

	for (const { env, ...setting } of Object.values(settings)) {
		if (setting.kind !== 'number' && setting.kind !== 'optionalNumber') continue;
		it(`${env} names itself, its bounds and the value`, () => {
			const [min, max] = setting.range;
			for (const value of ['abc', '1.5', String(min - 1), String(max + 1), 'NaN', 'Infinity', ' ']) {
				const { field, message } = refusal({ [env]: value });
				assert.equal(field, env);
				assert.ok(message.startsWith(`${env} must be a whole number from ${min} to ${max}`), message);
				assert.ok(message.endsWith(`got ${JSON.stringify(value)}`), message);
			}
		});
	}

	it('every other fault names the variable, the demand and the value', () => {
		const faults: [env: Record<string, string>, field: string, says: RegExp][] = [
			[{ DOCDROP_PROT: '1' }, 'DOCDROP_PROT', /not a setting/],
			[{ SKIP_RATE_LIMITS_LOCAL: 'yes' }, 'SKIP_RATE_LIMITS_LOCAL', /true or false, got "yes"/],
			[{ DOCDROP_LOG_LEVEL: 'loud' }, 'DOCDROP_LOG_LEVEL', /debug, info, warn, error, silent, got "loud"/],
			[
				{ DOCDROP_EMBEDDER: 'gpt' },
				'DOCDROP_EMBEDDER',
				/static, openai, ollama, lmstudio, vllm, tei, got "gpt"/,
			],
			[{ DOCDROP_HOST: '0.0.0.0' }, 'DOCDROP_HOST', /loopback.+DOCDROP_API_KEYS.+got "0\.0\.0\.0"/],
			[{ DOCDROP_HOST: '127.evil.example' }, 'DOCDROP_HOST', /loopback/],
			[{ DOCDROP_HOST: '::' }, 'DOCDROP_HOST', /loopback/],
			[
				{ DOCDROP_CHUNK_CHARS: '200', DOCDROP_CHUNK_OVERLAP: '100' },
				'DOCDROP_CHUNK_OVERLAP',
				/half.+\(200\), got "100"/,
			],
			[
				{ DOCDROP_CHUNK_TOKENS: '256', DOCDROP_CHUNK_OVERLAP: '128' },
				'DOCDROP_CHUNK_OVERLAP',
				/half of DOCDROP_CHUNK_TOKENS \(256\), got "128"/,
			],
			[
				{ DOCDROP_CHUNK_TOKENS: '256', DOCDROP_CHUNK_CHARS: '1200' },
				'DOCDROP_CHUNK_CHARS',
				/unset where DOCDROP_CHUNK_TOKENS is set \(256\), got "1200"/,
			],
			[{ DOCDROP_TENANT: 'a b' }, 'DOCDROP_TENANT', /letters.+got "a b"/],
			[{ DOCDROP_TENANT: '../x' }, 'DOCDROP_TENANT', /letters/],
			[{ DOCDROP_TENANT: 't'.repeat(129) }, 'DOCDROP_TENANT', /128/],
			[{ DOCDROP_QDRANT_URL: 'localhost:6333' }, 'DOCDROP_QDRANT_URL', /http\(s\).+got "localhost:6333"/],
			[{ DOCDROP_QDRANT_URL: 'http://' }, 'DOCDROP_QDRANT_URL', /http/],
			[
				{ DOCDROP_TRUSTED_PROXIES: 'proxy.local' },
				'DOCDROP_TRUSTED_PROXIES',
				/10\.0\.0\.0\/8, got "proxy\.local"/,
			],
			[
				{ DOCDROP_TRUSTED_PROXIES: '10.0.0.1,10.0.0.0/33' },
				'DOCDROP_TRUSTED_PROXIES',
				/got "10\.0\.0\.0\/33"/,
			],
			[{ DOCDROP_TRUSTED_PROXIES: '10.0.0.0/8/8' }, 'DOCDROP_TRUSTED_PROXIES', /IP addresses/],
			[{ DOCDROP_EMBEDDER: 'openai' }, 'DOCDROP_EMBEDDER_URL', /http/],
			[{ DOCDROP_TIKA_URL: 'tika:9998' }, 'DOCDROP_TIKA_URL', /an http\(s\) address, got "tika:9998"/],
			[{ DOCDROP_TIKA_URL: 'file:///tika' }, 'DOCDROP_TIKA_URL', /an http\(s\) address/],
			[
				{ DOCDROP_TIKA_URL: 'http://h:9998/?a=b' },
				'DOCDROP_TIKA_URL',
				/without a user, a password, \? and #/,
			],
			[{ DOCDROP_OCR: 'english' }, 'DOCDROP_OCR', /such as eng or eng\+deu, got "english"/],
			[{ DOCDROP_OCR: '../eng' }, 'DOCDROP_OCR', /languages of Tesseract/],
			[{ DOCDROP_OCR: 'eng+eng' }, 'DOCDROP_OCR', /each once/],
			[{ DOCDROP_OCR: 'eng+deu+fra+ita+spa' }, 'DOCDROP_OCR', /at most 4/],
			[{ DOCDROP_OCR: 'eng,deu' }, 'DOCDROP_OCR', /got "eng,deu"/],
			[{ DOCDROP_TIKA_TIMEOUT_MS: '0' }, 'DOCDROP_TIKA_TIMEOUT_MS', /a whole number from 100/],
			[
				{ DOCDROP_EMBEDDER: 'openai', DOCDROP_EMBEDDER_URL: 'http://h/v1' },
				'DOCDROP_EMBEDDER_MODEL',
				/name of a model/,
			],
			[
				{ DOCDROP_EMBEDDER: 'openai', DOCDROP_EMBEDDER_URL: 'http://h/v1', DOCDROP_EMBEDDER_MODEL: 'm' },
				'DOCDROP_EMBEDDER_DIMENSIONS',
				/length of the vectors/,
			],
		];
		for (const [env, field, says] of faults) {
			const found = refusal(env);
			assert.equal(found.field, field);
			assert.ok(found.message.startsWith(field), found.message);
			assert.match(found.message, says);
		}
	});

	it('a glob that can match no file is refused, and braces may hold commas', () => {
		for (const env of ['DOCDROP_INCLUDE', 'DOCDROP_EXCLUDE']) {
			for (const glob of ['[', '{a,b', '/data/*', 'a\\b', '../x', 'drafts/']) {
				const { field, message } = refusal({ [env]: `*.md,${glob}` });
				assert.equal(field, env);
				assert.ok(message.includes(`got ${JSON.stringify(glob)}`), message);
			}
		}
		assert.deepEqual(readConfig({ DOCDROP_INCLUDE: '*.{md,txt}, a/**' }).include, ['*.{md,txt}', 'a/**']);
	});

	it('a key that would open the door to everybody is refused', () => {
		// An unset variable behind `acme=`, a base64 key with its padding, a tenant that is none.
		for (const keys of ['acme=', 'c2VjcmV0cw==', 'good,acme==', '=key', 'a b=key']) {
			assert.equal(refusal({ DOCDROP_API_KEYS: keys }).field, 'DOCDROP_API_KEYS', keys);
		}
	});

	it('no message shows a secret', () => {
		const secret = 'hunter2';
		for (const env of [
			{ DOCDROP_API_KEYS: `${secret}==` },
			{ DOCDROP_API_KEYS: `a b=${secret}` },
			{ DOCDROP_QDRANT_URL: `ftp://user:${secret}@host` },
			{ DOCDROP_TIKA_URL: `http://user:${secret}@host` },
			{ DOCDROP_EMBEDDER: 'openai', DOCDROP_EMBEDDER_URL: `htp://user:${secret}@host/v1` },
			{ DOCDROP_HOST: '0.0.0.0', DOCDROP_QDRANT_API_KEY: secret, DOCDROP_EMBEDDER_API_KEY: secret },
		]) {
			assert.ok(!refusal(env).message.includes(secret), JSON.stringify(env));
		}
	});

	it('a long value is not repeated at length', () => {
		assert.ok(refusal({ DOCDROP_HOST: 'h'.repeat(10_000) }).message.length < 400);
	});

	it('stand in docs/settings.md, each with its default', () => {
		const table = readFileSync(new URL('../docs/settings.md', import.meta.url), 'utf8');
		for (const { env, ...setting } of Object.values(settings)) {
			const row = table.split('\n').find((line) => line.startsWith(`| \`${env}\``));
			assert.ok(row !== undefined && row.includes(setting.meaning), env);
			if (setting.default !== '') assert.ok(row.includes(setting.default), env);
		}
	});
});
