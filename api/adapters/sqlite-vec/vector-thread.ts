/**
 * The thread that has vectors in memory and searches them there. It reads the file on a connection of its own that cannot
 * write, and hears from the writer what changes.
 */
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { fromSqliteError } from '../sqlite/index.ts';
import { serveThread } from '../thread/index.ts';
import { type OpenOptions, openForReading } from './index-schema.ts';
import { createNearSearch } from './near-search.ts';
import { createResidentVectors } from './resident-vectors.ts';
import { createStoredVectors } from './stored-vectors.ts';
import type { VectorChange } from './vector-changes.ts';
import type { VectorMethods } from './index-messages.ts';

interface VectorThreadData extends OpenOptions {
	readonly dimensions: number;
	readonly maxBytes: number;
	/** From the writer. */
	readonly changes: MessagePort;
}

/** It reads the texts that it has found, here and there; vectors only once. */
const cacheKb = 8_192;

serveThread({
	open() {
		const { dimensions, maxBytes, changes, ...options } = workerData as VectorThreadData;
		const db = openForReading(options, cacheKb);
		const stored = createStoredVectors(db, dimensions);
		const resident = createResidentVectors({ stored, dimensions, maxBytes });
		const catchUp = () => {
			for (let told = receiveMessageOnPort(changes); told !== undefined; told = receiveMessageOnPort(changes))
				resident.follow(told.message as VectorChange[]);
		};
		// Nobody searches for hours, and changes must not heap up meanwhile.
		changes.on('message', (told: VectorChange[]) => resident.follow(told));
		const methods: VectorMethods = { byVector: createNearSearch({ db, resident, catchUp }) };
		return {
			methods,
			close() {
				changes.close();
				db.close();
			},
		};
	},
	mapError: fromSqliteError,
});
