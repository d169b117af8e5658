/**
 * The bare echo that accepting is measured against: Fastify with nothing but the same body schemas (of a batch
 * the one of the whole: its documents are not looked at), the body back as the answer.
 *
 *   node test/bench/echo-server.ts     prints its address
 */
import fastify from 'fastify';
import { BatchEnvelope } from '../../api/contract/batch-schema.ts';
import { PublishRequest } from '../../api/contract/document-schema.ts';

const app = fastify({ bodyLimit: 8 * 1_048_576 });
app.post('/v1/publish', { schema: { body: PublishRequest } }, async (request) => request.body);
app.post('/v1/ingest/batch', { schema: { body: BatchEnvelope } }, async (request) => request.body);
void app.listen({ host: '127.0.0.1', port: 0 }).then((url) => console.log(url));
