/** The boundaries of ARCHITECTURE.md, for our own modules; libraries are free where they fit. */
const ours = '^(api|nodes|credentials)/';
const only = (name, from, allowed, comment) => ({
	name,
	comment,
	severity: 'error',
	from: { path: from },
	to: { path: ours, pathNot: allowed },
});

module.exports = {
	forbidden: [
		{ name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
		only(
			'nodes',
			'^(nodes|credentials)/',
			['^(nodes|credentials)/', '^api/contract/'],
			'nodes know the contract and nothing else of the API',
		),
		{
			name: 'watch-without-n8n',
			severity: 'error',
			from: { path: '^nodes/watch/' },
			to: { path: 'node_modules/n8n-(workflow|core)' },
		},
		only('contract', '^api/contract/', ['^api/contract/'], 'the contract stands alone'),
		only('ports', '^api/ports/', ['^api/(ports|contract)/', '^nodes/watch/clock\\.ts$'], 'ports are types'),
		only(
			'pipeline',
			'^api/pipeline/',
			['^api/(pipeline|ports|contract)/', '^api/(errors|telemetry)\\.ts$'],
			'the pipeline knows ports, never adapters',
		),
		only(
			'adapters',
			'^api/adapters/',
			[
				'^api/(adapters|ports|contract)/',
				'^api/(errors|memory|threads|telemetry)\\.ts$',
				'^api/pipeline/[a-z-]+\\.ts$',
				'^nodes/watch/clock\\.ts$',
			],
			'adapters know ports and the pure functions of the pipeline',
		),
		{
			name: 'schemas-are-for-the-door',
			comment:
				'threads and nodes must not load the 370 files of the schema library; what they need besides types has a file of its own',
			severity: 'error',
			from: { path: '^(nodes|api/(pipeline|adapters|ports))/' },
			to: {
				path: '^api/contract/',
				pathNot: '^api/contract/(doc-id-fault|reserved-metadata|sample-epoch)\\.ts$',
				dependencyTypesNot: ['type-only'],
			},
		},
		{
			name: 'commands-load-no-server',
			comment: 'the server is loaded by the commands that start one, when they do: it takes a second',
			severity: 'error',
			from: { path: '^api/cli(\\.ts|/)' },
			to: { path: '^api/(server|app)\\.ts$', dependencyTypesNot: ['dynamic-import', 'type-only'] },
		},
		{
			name: 'adapters-use-pure-steps-only',
			severity: 'error',
			from: { path: '^api/adapters/' },
			to: { path: '^api/pipeline/(index|worker|lane|publish|prepare|accept|search|preview|sweep)\\.ts$' },
		},
		only(
			'http',
			'^api/http/',
			['^api/(http|pipeline|contract|ports)/', '^api/(errors|telemetry|config)\\.ts$'],
			'HTTP knows the pipeline, never adapters',
		),
		only(
			'sources',
			'^api/sources/',
			['^api/(sources|pipeline|contract)/', '^api/(errors|telemetry)\\.ts$', '^nodes/watch/'],
			'sources feed the pipeline',
		),
		{
			name: 'adapters-are-built-in-one-place',
			comment: 'app.ts composes the API, server.ts the followed folder',
			severity: 'error',
			from: { path: '^api/', pathNot: ['^api/(app|server|cli)\\.ts$', '^api/(adapters|cli)/'] },
			to: { path: '^api/adapters/' },
		},
		{ name: 'nothing-imports-tests', severity: 'error', from: { path: ours }, to: { path: '^test/' } },
		{ name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
	],
	options: {
		doNotFollow: { path: 'node_modules' },
		tsPreCompilationDeps: true,
		tsConfig: { fileName: 'tsconfig.json' },
		enhancedResolveOptions: {
			exportsFields: ['exports'],
			conditionNames: ['import', 'require', 'node', 'default', 'types'],
		},
	},
};
