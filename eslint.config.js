import { n8nCommunityNodesPlugin } from '@n8n/eslint-plugin-community-nodes';
import tseslint from 'typescript-eslint';

const clock = 'Time comes from the Clock port (nodes/watch/clock.ts), so that a test can own it.';
const timeGlobals = ['setTimeout', 'setInterval'].map((name) => ({ name, message: clock }));
const timeProperties = [
	{ object: 'Date', property: 'now', message: clock },
	{ object: 'performance', property: 'now', message: clock },
];

export default tseslint.config(
	{ ignores: ['dist/', 'node_modules/', 'coverage/', '.cache/'] },
	// What n8n demands of a package, its nodes and its credentials; the disk-reading nodes cannot meet the Cloud rules.
	{
		...n8nCommunityNodesPlugin.configs.recommendedWithoutN8nCloudSupport,
		files: ['package.json', 'nodes/**/*.ts', 'credentials/**/*.ts'],
		ignores: ['nodes/watch/**'],
	},
	// What touches no disk passes the Cloud rules as well.
	{
		...n8nCommunityNodesPlugin.configs.recommended,
		files: ['nodes/DocDrop/**/*.ts', 'nodes/item.ts', 'credentials/**/*.ts'],
	},
	{
		files: ['package.json'],
		languageOptions: { parser: tseslint.parser, parserOptions: { extraFileExtensions: ['.json'] } },
	},
	...tseslint.configs.recommendedTypeChecked.map((config) => ({
		...config,
		files: ['api/**/*.ts', 'nodes/**/*.ts', 'credentials/**/*.ts', 'test/**/*.ts', 'tools/**/*.ts'],
	})),
	{
		files: ['api/**/*.ts', 'nodes/**/*.ts', 'credentials/**/*.ts', 'test/**/*.ts', 'tools/**/*.ts'],
		languageOptions: { parserOptions: { projectService: true } },
		rules: {
			'@typescript-eslint/consistent-type-imports': 'error',
			'@typescript-eslint/no-floating-promises': 'error',
			'@typescript-eslint/switch-exhaustiveness-check': [
				'error',
				{ considerDefaultExhaustiveForUnions: true },
			],
			'@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
			// Ports are asynchronous where an adapter is not.
			'@typescript-eslint/require-await': 'off',
			// Signals carry their reason, whatever it is.
			'@typescript-eslint/prefer-promise-reject-errors': 'off',
			eqeqeq: ['error', 'always', { null: 'ignore' }],
			'no-console': 'error',
			// Ports are objects of closures: none of their methods has a this.
			'@typescript-eslint/unbound-method': 'off',
		},
	},
	{
		files: ['api/**/*.ts', 'nodes/**/*.ts'],
		// The page has the browser's time, and nobody to hand it another.
		ignores: ['nodes/watch/clock.ts', 'api/page/**'],
		rules: {
			'no-restricted-globals': ['error', ...timeGlobals],
			'no-restricted-properties': ['error', ...timeProperties],
		},
	},
	{
		files: [
			'api/cli.ts',
			'api/cli/**/*.ts',
			'test/bench/**',
			'test/crash/**',
			'test/faults/**',
			'test/fuzz/index.ts',
			'test/hostile/**',
			'test/n8n/**',
			'tools/**',
			'test/doubles/**',
		],
		rules: { 'no-console': 'off' },
	},
	{
		files: ['test/**/*.ts'],
		rules: {
			// mocha's describe and it take promises; node:assert's rejects is awaited where it matters.
			'@typescript-eslint/no-unsafe-assignment': 'off',
			'@typescript-eslint/no-unsafe-member-access': 'off',
			'@typescript-eslint/no-unsafe-argument': 'off',
			'@typescript-eslint/no-unsafe-call': 'off',
			'@typescript-eslint/no-unsafe-return': 'off',
		},
	},
);
