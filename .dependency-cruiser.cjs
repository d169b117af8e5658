/** The boundaries of ARCHITECTURE.md as allowlists, for our own modules; libraries are free where they fit. */
const ours = '^(api|nodes|credentials)/';
/** What is neither a room nor a port: the errors' table, the metrics' names as types, turns of the event loop, and pages. */
const basics = ['^api/errors\\.ts$', '^api/telemetry\\.ts$', '^api/loop-turn\\.ts$', '^api/byte-pages\\.ts$'];
const only = (name, from, allowed, comment) => ({
	name,
	comment,
	severity: 'error',
	from: { path: from },
	to: { path: ours, pathNot: allowed },
});

/** The rooms of the pipeline, and the neighbours whose doors each may use. */
const neighbours = {
	faults: [],
	admission: [],
	accept: ['admission', 'faults'],
	prepare: ['faults'],
	publish: ['prepare', 'faults'],
	upkeep: ['prepare', 'faults'],
	search: ['admission', 'faults'],
};
const room = ([name, others]) =>
	only(
		`pipeline-${name}`,
		`^api/pipeline/${name}/`,
		[
			`^api/pipeline/${name}/`,
			...others.map((other) => `^api/pipeline/${other}/index\\.ts$`),
			'^api/(ports|contract|domain|chunking)/',
			...basics,
		],
		`knows ports and rules, and of the pipeline ${others.length > 0 ? others.join(', ') : 'nothing else'}`,
	);

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
		only(
			'domain',
			'^api/domain/',
			['^api/(domain|contract)/', '^api/errors\\.ts$'],
			'the rules know values, never ports',
		),
		only(
			'chunking',
			'^api/chunking/',
			['^api/(chunking|contract)/', '^api/errors\\.ts$'],
			'chunking knows text, never ports',
		),
		only(
			'ports',
			'^api/ports/',
			['^api/(ports|contract|domain)/', '^nodes/watch/clock\\.ts$'],
			'ports are types',
		),
		...Object.entries(neighbours).map(room),
		only(
			'pipeline',
			'^api/pipeline/index\\.ts$',
			['^api/pipeline/[a-z]+/index\\.ts$', '^api/(ports|contract|domain)/', ...basics],
			'the flow knows ports and the doors of its rooms, never adapters',
		),
		only(
			'adapters',
			'^api/adapters/',
			['^api/(adapters|ports|contract|domain|chunking)/', ...basics],
			'adapters stand beside the pipeline and know nothing of it',
		),
		{
			name: 'adapters-count-nothing',
			comment: 'of the metrics adapters know types alone: they are handed a telemetry',
			severity: 'error',
			from: { path: '^api/(adapters|pipeline)/' },
			to: { path: '^api/telemetry\\.ts$', dependencyTypesNot: ['type-only'] },
		},
		{
			name: 'one-door-a-folder',
			comment: 'what others import from a folder is in its index.ts',
			severity: 'error',
			from: { path: '^api/(config|domain|chunking|http|mcp|(?:pipeline|adapters)/[^/]+)/' },
			to: {
				path: '^api/(config|domain|chunking|http|mcp|(?:pipeline|adapters)/[^/]+)/',
				pathNot: ['^api/$1/', '/index\\.ts$'],
			},
		},
		{
			name: 'one-door-a-folder-for-the-others',
			comment: 'what others import from a folder is in its index.ts',
			severity: 'error',
			from: { path: ours, pathNot: '^api/(config|domain|chunking|http|mcp|(?:pipeline|adapters)/[^/]+)/' },
			to: {
				path: '^api/(config|domain|chunking|http|mcp|(?:pipeline|adapters)/[^/]+)/',
				pathNot: '/index\\.ts$',
			},
		},
		{
			name: 'schemas-are-for-the-door',
			comment:
				'threads and nodes must not load the 370 files of the schema library; what they need besides types has a file of its own',
			severity: 'error',
			from: { path: '^(nodes|api/(domain|chunking|pipeline|adapters|ports))/' },
			to: {
				path: '^api/contract/',
				pathNot:
					'^api/contract/(audit-kinds|doc-id-fault|file-types|limits|list-version|sample-epoch|set-digest|stored-fields|told-type)\\.ts$',
				dependencyTypesNot: ['type-only'],
			},
		},
		{
			name: 'commands-load-no-server',
			comment: 'the server is loaded by the commands that start one, when they do: it takes a second',
			severity: 'error',
			from: { path: '^api/cli(\\.ts|/)' },
			to: { path: '^api/(server\\.ts$|app(\\.ts$|/))', dependencyTypesNot: ['dynamic-import', 'type-only'] },
		},
		{
			name: 'agents-load-the-sdk',
			comment:
				'the protocol of agents is loaded with their first message, by the server and by its own command',
			severity: 'error',
			from: { path: '^api/', pathNot: '^api/(mcp/|cli/mcp-command\\.ts$)' },
			to: {
				path: '^(api/(mcp/|cli/mcp-command\\.ts$)|node_modules/@modelcontextprotocol/)',
				dependencyTypesNot: ['dynamic-import', 'type-only'],
			},
		},
		only(
			'page',
			'^api/page/',
			['^api/(page|contract)/'],
			'the page runs in a browser, and asks the API as everybody does',
		),
		{
			name: 'page-loads-no-schemas',
			comment: 'of the contract the page knows types',
			severity: 'error',
			from: { path: '^api/page/' },
			to: { path: '^api/contract/', dependencyTypesNot: ['type-only'] },
		},
		{
			name: 'page-is-served',
			comment: 'no module of the API imports the page: it is files',
			severity: 'error',
			from: { path: ours, pathNot: '^api/page/' },
			to: { path: '^api/page/' },
		},
		only(
			'mcp',
			'^api/mcp/',
			['^api/(mcp|contract)/', basics[0]],
			'agents ask the API, and see nothing beside it',
		),
		only(
			'http',
			'^api/http/',
			[
				'^api/(http|contract|ports|domain)/',
				'^api/mcp/index\\.ts$',
				'^api/pipeline/index\\.ts$',
				'^api/pipeline/[a-z]+/index\\.ts$',
				...basics,
				'^api/config/index\\.ts$',
			],
			'HTTP knows the pipeline, never adapters',
		),
		only(
			'sources',
			'^api/sources/',
			['^api/(sources|contract)/', '^api/pipeline/index\\.ts$', ...basics, '^nodes/watch/'],
			'sources feed the pipeline',
		),
		{
			name: 'adapters-are-built-in-one-place',
			comment:
				'app.ts and app/ compose the API, server.ts the followed folder; commands ask for the limits of memory',
			severity: 'error',
			from: { path: '^api/', pathNot: ['^api/(app|server)\\.ts$', '^api/(app|adapters)/'] },
			to: { path: '^api/adapters/', pathNot: '^api/adapters/thread/index\\.ts$' },
		},
		{
			name: 'app-has-one-door',
			comment: 'the steps of the composition are called by app.ts alone',
			severity: 'error',
			from: { path: ours, pathNot: '^api/app(\\.ts$|/)' },
			to: { path: '^api/app/' },
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
