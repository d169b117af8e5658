/** Everything that n8n loads from this package, in one bundle (tools/build.ts). */
export { DocDropApi } from '../credentials/DocDropApi.credentials.ts';
export { DocDrop } from './DocDrop/DocDrop.node.ts';
export { DocDropTrigger } from './DocDropTrigger/DocDropTrigger.node.ts';
