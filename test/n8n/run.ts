import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { docdropWorkflow } from './headtohead-workflows.ts';
import { createRealN8n, owner } from './real-n8n.ts';
import { activate, createWorkflow } from './workflows.ts';

/**
 * `npm run n8n [-- DIR]`: the real n8n, ready to click: our nodes, an owner, a credential for the API, and the
 * workflow that follows a folder (default ./inbox). It calls the API on its usual port: `npm run docdrop -- serve`.
 */
const inbox = resolve(process.argv[2] ?? 'inbox');
const apiUrl = `http://127.0.0.1:${process.env['DOCDROP_PORT'] ?? '8765'}`;
mkdirSync(inbox, { recursive: true });

const n8n = await createRealN8n({
	userFolder: resolve('.cache/n8n-user'),
	folders: [inbox],
	port: Number(process.env['N8N_PORT'] ?? '5678'),
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
	process.once(signal, () => void n8n.stop().then(() => process.exit(0)));
}
await n8n.start();
const known = await n8n.rest<readonly { id: string; name: string }[]>('GET', '/workflows');
let id = known.find(({ name }) => name.startsWith('DocDrop'))?.id;
if (id === undefined) {
	id = await createWorkflow(n8n, await docdropWorkflow(n8n, inbox, apiUrl));
	await activate(n8n, id);
}
const isUp = await fetch(`${apiUrl}/health/ready`).then(
	({ ok }) => ok,
	() => false,
);
console.log(`n8n runs at ${n8n.url}/workflow/${id}`);
console.log(`sign in as ${owner.email} with ${owner.password}`);
console.log(`it follows ${inbox}`);
if (!isUp) console.log(`the API does not answer at ${apiUrl}: start it with npm run docdrop -- serve`);
