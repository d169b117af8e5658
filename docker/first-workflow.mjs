/** The first workflow and its credential, as n8n's import commands take them: `node first-workflow.mjs TEMPLATE DIR`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [template, dir] = process.argv.slice(2);
const credential = { id: 'docdropCompose01', name: 'DocDrop', type: 'docDropApi' };
const workflow = JSON.parse(readFileSync(template, 'utf8'));
for (const node of workflow.nodes.filter(({ type }) => type.startsWith('n8n-nodes-docdrop.'))) {
	node.credentials = { docDropApi: { id: credential.id, name: credential.name } };
	if (node.type.endsWith('Trigger')) node.parameters.folder = { __rl: true, mode: 'path', value: '/inbox' };
}
writeFileSync(join(dir, 'workflow.json'), JSON.stringify([{ id: 'docdropCompose01', ...workflow }]));
// The key comes from n8n's environment, which reads it from a file.
const data = { baseUrl: 'http://api:8765', apiKey: '' };
writeFileSync(join(dir, 'credential.json'), JSON.stringify([{ ...credential, data }]));
