import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { NodeApiError, type INode } from 'n8n-workflow';
import { parseAddress } from '../../../nodes/DocDrop/address.ts';
import { answeredFailure, isApiFailure, toNodeApiError } from '../../../nodes/DocDrop/node-errors.ts';
import { unreachedFailure } from '../../../nodes/DocDrop/unreachable.ts';
import { actionNode } from '../../support/n8n-execution.ts';

const node: INode = actionNode();

describe('answeredFailure', () => {
	const error = { code: 'invalid', message: 'docId must be set', hint: 'Set it.', retryable: false };

	it('takes over what the API says', () => {
		const body = JSON.stringify({ error: { ...error, field: 'docId', requestId: 'r-1', more: 1 } });
		const failure = answeredFailure(400, body, 'api:8765');
		assert.ok(isApiFailure(failure));
		const { code, message, hint, field, status, retryable, requestId } = failure;
		assert.deepEqual(
			{ code, message, hint, field, status, retryable, requestId },
			{ ...error, field: 'docId', status: 400, requestId: 'r-1' },
		);
	});

	it('bounds what it takes over', () => {
		const long = 'x'.repeat(100_000);
		const body = JSON.stringify({
			error: { ...error, message: long, hint: long, field: long, requestId: long },
		});
		const { message, hint, field, requestId } = answeredFailure(400, body, 'api:8765');
		for (const text of [message, hint, field, requestId]) assert.equal(text?.length, 2_000);
	});

	it('knows what is not of the API, and says what a proxy may be about', () => {
		for (const body of [
			'',
			'null',
			'[]',
			'{"error":"no"}',
			'{"error":{"code":1}}',
			'{"error":{"code":"invalid"}}',
		]) {
			const failure = answeredFailure(400, body, 'api:8765');
			assert.equal(failure.code, 'not_docdrop', body);
			assert.equal(failure.message, 'api:8765 answered 400, but not as the DocDrop API does');
			assert.ok(failure.hint.includes('/v1/info'));
		}
		const web = answeredFailure(502, '\n<!doctype HTML><html>', 'api:8765');
		assert.equal(web.message, 'api:8765 answered 502 with a web page, but not as the DocDrop API does');
		assert.ok(web.hint.includes('proxy'));
		assert.ok(answeredFailure(413, '<html>', 'api:8765').hint.includes('bodies as large'));
	});
});

describe('toNodeApiError', () => {
	const fault = { code: 'owned', message: 'it is owned', hint: 'Take it over.', retryable: false };

	it('shows message and hint, and the item', () => {
		const error = toNodeApiError(node, { ...fault, status: 409, field: 'docId', requestId: 'r-1' }, 3);
		assert.ok(error instanceof NodeApiError);
		assert.equal(error.message, fault.message);
		assert.equal(error.description, fault.hint);
		assert.equal(error.httpCode, '409');
		assert.equal(error.context['itemIndex'], 3);
	});

	it('names the request in the log of the API where that holds more', () => {
		const error = toNodeApiError(node, { ...fault, status: 500, requestId: 'r-1' });
		assert.equal(error.description, 'Take it over. The API logged it as request r-1.');
	});

	it('keeps its message, whatever n8n finds in it', () => {
		for (const message of ['docId ENOENT-list.md is not known', 'the proxy said ECONNREFUSED']) {
			assert.equal(toNodeApiError(node, { ...fault, message }).message, message);
			assert.equal(toNodeApiError(node, { ...fault, message, status: 503 }).message, message);
		}
	});
});

describe('unreachedFailure', () => {
	const withCode = (code: string) => Object.assign(new Error(`failed: ${code}`), { code });
	/** As n8n throws it. */
	const thrown = (error: Error) => new NodeApiError(node, error as never);

	for (const [code, address, expected, passes, hints] of [
		[
			'ECONNREFUSED',
			'http://localhost:8765',
			'unreachable',
			true,
			['http://api:8765', 'http://host.docker.internal:8765', 'DOCDROP_HOST', 'docdrop serve'],
		],
		[
			'ECONNREFUSED',
			'http://127.0.0.1:8765',
			'unreachable',
			true,
			['Inside a container, localhost is the container itself'],
		],
		['ECONNREFUSED', 'http://[::1]:8765', 'unreachable', true, ['Inside a container']],
		[
			'ECONNREFUSED',
			'http://host.docker.internal:9000',
			'unreachable',
			true,
			['DOCDROP_HOST=0.0.0.0', 'DOCDROP_API_KEYS', 'names port 9000'],
		],
		['ENOTFOUND', 'http://api:8765', 'unreachable', true, ['only while the service runs']],
		['EAI_AGAIN', 'http://host.docker.internal:8765', 'unreachable', true, ['host-gateway']],
		['ETIMEDOUT', 'http://api:8765', 'timeout', true, ['firewall']],
		['ECONNABORTED', 'http://api:8765', 'timeout', true, ['firewall']],
		['EHOSTUNREACH', 'http://api:8765', 'unreachable', true, ['network']],
		['ECONNRESET', 'http://api:8765', 'unreachable', true, ['restarting']],
		['EPIPE', 'http://api:8765', 'unreachable', true, ['restarting']],
		['EPROTO', 'https://api:8765', 'tls', false, ['speaks http://']],
		['DEPTH_ZERO_SELF_SIGNED_CERT', 'https://api', 'tls', false, ['NODE_EXTRA_CA_CERTS']],
		['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'https://api', 'tls', false, ['NODE_EXTRA_CA_CERTS']],
		['CERT_HAS_EXPIRED', 'https://api', 'tls', false, ['NODE_EXTRA_CA_CERTS']],
		['ERR_TLS_CERT_ALTNAME_INVALID', 'https://api', 'tls', false, ['NODE_EXTRA_CA_CERTS']],
		['HPE_INVALID_CONSTANT', 'http://api:22', 'not_docdrop', false, ['Look at the port']],
		['ESOMETHING', 'http://api:8765', 'unreachable', true, ['test the credential']],
	] as const) /* prettier-ignore */ {
		it(`${code} at ${address}`, () => {
			const at = parseAddress(address);
			for (const error of [
				withCode(code),
				thrown(withCode(code)),
				thrown(new Error('wrapped', { cause: withCode(code) })),
				thrown(new Error('both', { cause: new AggregateError([withCode(code)]) })),
			]) {
				const { failure, passes: seen } = unreachedFailure(error, at);
				assert.deepEqual([failure.code, failure.cause, seen], [expected, code, passes]);
				assert.equal(failure.status, undefined);
				assert.equal(failure.retryable, true, 'the document is not to blame');
				assert.ok(failure.message.includes(at.host), failure.message);
				for (const hint of hints) assert.ok(failure.hint.includes(hint), failure.hint);
			}
		});
	}

	it('names the setting where n8n forbids the address', () => {
		const blocked = Object.assign(new Error('blocked'), { name: 'SsrfBlockedIpError' });
		const { failure, passes } = unreachedFailure(thrown(blocked), parseAddress('http://127.0.0.1:8765'));
		assert.equal(failure.code, 'address_blocked');
		assert.equal(passes, false);
		assert.ok(failure.hint.includes('N8N_SSRF_ALLOWED_HOSTNAMES'));
	});

	it('keeps nothing of the error, which holds the request', () => {
		const error = Object.assign(withCode('ECONNRESET'), { config: { headers: { authorization: 'secret' } } });
		const shown = inspect(unreachedFailure(thrown(error), parseAddress('http://api:8765')), { depth: 20 });
		assert.ok(!shown.includes('secret'));
	});

	it('ends with an error that is its own cause', () => {
		const error = new Error('round');
		error.cause = error;
		assert.equal(unreachedFailure(error, parseAddress('http://api')).failure.code, 'unreachable');
	});
});
