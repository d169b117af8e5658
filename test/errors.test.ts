import assert from 'node:assert/strict';
import {
	DocDropError,
	errorTable,
	fromPlainError,
	isDocDropError,
	toPlainError,
	type ErrorCode,
} from '../api/errors.ts';

const codes = Object.keys(errorTable) as ErrorCode[];

describe('errors', () => {
	it('each has a status, a hint, and a word on whether to try again', () => {
		for (const code of codes) {
			const { status, retryable, hint } = errorTable[code];
			assert.match(code, /^[a-z_]+$/);
			assert.ok(status >= 400 && status < 600 && hint.endsWith('.'), code);
			if (status === 503 || status === 429) assert.ok(retryable, `${code} passes by itself`);
			// Nothing is wrong with a request that nobody has paid for.
			if (status < 429 && status !== 402) assert.ok(!retryable, `${code} is the caller’s to mend`);
		}
	});

	it('carry what the table says, unless something better is known', () => {
		for (const code of codes) {
			const error = new DocDropError(code, 'message');
			assert.deepEqual([error.hint, error.retryable], [errorTable[code].hint, errorTable[code].retryable]);
		}
		const cause = new Error('cause');
		const error = new DocDropError('invalid', 'm', {
			field: 'a/b',
			hint: 'h',
			retryAfterMs: 5,
			peerStatus: 429,
			cause,
		});
		assert.deepEqual(
			[error.field, error.hint, error.retryAfterMs, error.peerStatus, error.cause],
			['a/b', 'h', 5, 429, cause],
		);
	});

	it('are known by their brand, not by their class', () => {
		assert.ok(isDocDropError(new DocDropError('invalid', 'm')));
		for (const other of [new Error('m'), { code: 'invalid', message: 'm' }, null, undefined, 'invalid']) {
			assert.ok(!isDocDropError(other));
		}
	});

	it('cross a thread and stay what they are', () => {
		for (const code of codes) {
			const sent = new DocDropError(code, 'm', { field: 'f', retryAfterMs: 7, peerStatus: 503 });
			const got = fromPlainError(structuredClone(toPlainError(sent)));
			assert.ok(isDocDropError(got));
			for (const name of [
				'code',
				'message',
				'field',
				'hint',
				'retryable',
				'retryAfterMs',
				'peerStatus',
			] as const) {
				assert.equal(got[name], sent[name], name);
			}
		}
	});

	it('that are none of ours cross as internal, with nothing of their text', () => {
		for (const thrown of [new TypeError('secret at /var/lib'), 'secret', undefined]) {
			const got = fromPlainError(structuredClone(toPlainError(thrown)));
			assert.equal(got.code, 'internal');
			assert.doesNotMatch(`${got.message} ${got.hint}`, /secret|var/);
		}
		const plain = toPlainError(new TypeError('secret'));
		assert.match(plain.stack ?? '', /secret/, 'the log still finds out');
	});
});
