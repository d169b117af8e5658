import packageJson from '../package.json' with { type: 'json' };

/** This package's version, as /v1/info, the OpenAPI and the CLI show it. */
export const { version } = packageJson;
