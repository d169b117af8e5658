import { createRequire, registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * Loaded before every test (.mocharc.json): our sources import n8n-workflow as ES modules do, whose ES build is for
 * bundlers only, so Node gets the CommonJS build, which is also what n8n itself gives to the bundled nodes.
 */
const commonJs = pathToFileURL(createRequire(import.meta.url).resolve('n8n-workflow')).href;

registerHooks({
	resolve: (specifier, context, next) =>
		specifier === 'n8n-workflow' ? { url: commonJs, shortCircuit: true } : next(specifier, context),
});
