import { enableCompileCache, flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * Loaded before every test (.mocharc.json): types are stripped and modules compiled once, not once for each of the
 * hundreds of threads and processes that the tests start. Node keys what it keeps by version, file and content.
 * Where coverage is measured nothing is kept, because it would be less exact.
 */
const directory = fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url));

if (process.env['NODE_V8_COVERAGE'] === undefined) {
	// Threads and child processes are told by the environment.
	process.env['NODE_COMPILE_CACHE'] ??= directory;
	enableCompileCache();
}

export const mochaHooks = {
	/** What the test files have loaded by now is what threads and processes load next. */
	beforeAll: () => flushCompileCache(),
};
