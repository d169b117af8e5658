import type { AuditReport } from '../contract/audit-schema.ts';
import type { Clock } from '../../nodes/watch/clock.ts';
import type { Client } from './api-client.ts';

/** `docdrop audit`: asks for one, waits for its end, and returns what it found. */
const pollMs = 500;

export async function runAudit(
	client: Pick<Client, 'beginAudit' | 'audit'>,
	{ tenant, repair }: { readonly tenant: string | null; readonly repair: boolean },
	clock: Pick<Clock, 'sleep'>,
): Promise<AuditReport | null> {
	const before = (await client.audit(tenant)).last;
	await client.beginAudit(tenant, repair);
	for (;;) {
		await clock.sleep(pollMs);
		const { now, last } = await client.audit(tenant);
		if (now !== null) continue;
		// One that was stopped, or could not go on, leaves the last proof as it was.
		return last?.endedAt === before?.endedAt ? null : last;
	}
}
