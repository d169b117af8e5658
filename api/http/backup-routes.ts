import type { FastifyInstance } from 'fastify';
import { BackupRequest, BackupStatus } from '../contract/backup-schema.ts';
import { checkAnyTenant } from './access.ts';
import { described } from './described.ts';

/** A backup of everything, for whoever has a key of all tenants. No request says where it goes. */
export interface BackupDeps {
	readonly backups: { begin(): BackupStatus; status(): BackupStatus };
}

export function backupRoutes(app: FastifyInstance, { backups }: BackupDeps): void {
	app.post(
		'/v1/backup',
		described('operation', 'Back the data folder up while work goes on', {
			description:
				'Into the folder `backup` of the data folder, in the place of the last one. `docdrop backup DIR` asks for it and moves it to where it belongs.',
			body: BackupRequest,
			response: { 202: BackupStatus },
		}),
		async (request, reply) => {
			checkAnyTenant(request);
			return reply.code(202).send(backups.begin());
		},
	);

	app.get(
		'/v1/backup',
		described('operation', 'How the last backup stands', { response: { 200: BackupStatus } }),
		async (request) => {
			checkAnyTenant(request);
			return backups.status();
		},
	);
}
