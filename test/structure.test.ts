import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { basename } from 'node:path';

interface Rule {
	readonly name: string;
	readonly from: { readonly path?: string; readonly pathNot?: string | readonly string[] };
	readonly to: { readonly path?: string; readonly pathNot?: string | readonly string[] };
}

const { forbidden } = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as {
	readonly forbidden: readonly Rule[];
};

/** The rules of the boundaries that refuse an import of values. */
function refusing(from: string, to: string): string[] {
	return forbidden
		.filter((rule) => {
			const source = rule.from.path === undefined ? null : new RegExp(rule.from.path, 'u').exec(from);
			if (rule.from.path !== undefined && source === null) return false;
			if ([rule.from.pathNot ?? []].flat().some((path) => new RegExp(path, 'u').test(from))) return false;
			if (rule.to.path === undefined || !new RegExp(rule.to.path, 'u').test(to)) return false;
			const spared = [rule.to.pathNot ?? []].flat().map((path) => path.replaceAll('$1', source?.[1] ?? ''));
			return !spared.some((path) => new RegExp(path, 'u').test(to));
		})
		.map(({ name }) => name);
}

describe('the structure', () => {
	for (const [from, to, rule] of [
		['api/adapters/qdrant/failures.ts', 'api/pipeline/faults/index.ts', 'adapters'],
		['api/adapters/qdrant/failures.ts', 'api/pipeline/faults/breaker.ts', 'adapters'],
		['api/adapters/qdrant/failures.ts', 'api/config/index.ts', 'adapters'],
		['api/adapters/qdrant/failures.ts', 'nodes/watch/clock.ts', 'adapters'],
		['api/adapters/qdrant/failures.ts', 'api/domain/shard.ts', 'one-door-a-folder'],
		['api/domain/shard.ts', 'api/ports/doc-store.ts', 'domain'],
		['api/chunking/chunk.ts', 'api/domain/index.ts', 'chunking'],
		['api/pipeline/prepare/worker.ts', 'api/pipeline/publish/index.ts', 'pipeline-prepare'],
		['api/pipeline/search/search.ts', 'api/adapters/qdrant/index.ts', 'pipeline-search'],
		['api/http/search-routes.ts', 'api/adapters/qdrant/index.ts', 'http'],
		['nodes/item.ts', 'api/domain/index.ts', 'nodes'],
		['api/server.ts', 'api/app/open-adapters.ts', 'app-has-one-door'],
		['api/cli/search.ts', 'api/app/open-adapters.ts', 'commands-load-no-server'],
		['api/data-folder.ts', 'api/adapters/sqlite/index.ts', 'adapters-are-built-in-one-place'],
		['api/cli.ts', 'api/mcp/index.ts', 'agents-load-the-sdk'],
		['api/http/mcp-routes.ts', 'api/mcp/index.ts', 'agents-load-the-sdk'],
		['api/mcp/search-tool.ts', 'api/http/index.ts', 'mcp'],
		['api/page/search-view.ts', 'api/domain/index.ts', 'page'],
		['api/page/search-view.ts', 'api/contract/search-schema.ts', 'page-loads-no-schemas'],
		['api/http/page-routes.ts', 'api/page/main.ts', 'page-is-served'],
	] as const) {
		it(`refuses that ${from} imports ${to}`, () => assert.ok(refusing(from, to).includes(rule)));
	}

	for (const [from, to] of [
		['api/adapters/qdrant/failures.ts', 'api/errors.ts'],
		['api/adapters/sharded/sharded-store.ts', 'api/domain/index.ts'],
		['api/adapters/qdrant/failures.ts', 'api/adapters/qdrant/request-budget.ts'],
		['api/pipeline/publish/lane.ts', 'api/pipeline/prepare/index.ts'],
		['api/app.ts', 'api/app/open-adapters.ts'],
		['api/app/open-adapters.ts', 'api/adapters/sqlite/index.ts'],
	] as const) {
		it(`lets ${from} import ${to}`, () => assert.deepEqual(refusing(from, to), []));
	}

	it('gives no two files one name beside index.ts', () => {
		const files = execFileSync('git', ['ls-files', 'api', 'nodes', 'credentials'], { encoding: 'utf8' })
			.split('\n')
			.filter((file) => file.endsWith('.ts') && !file.endsWith('/index.ts'));
		const names = files.map((file) => basename(file));
		assert.deepEqual(
			names.filter((name, index) => names.indexOf(name) !== index),
			[],
		);
	});
});
