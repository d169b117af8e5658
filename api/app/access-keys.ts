import { createHash, timingSafeEqual } from 'node:crypto';
import { readKeyring, type Config } from '../config/index.ts';
import { keyRights } from '../contract/key-rights.ts';
import type { AccessKeys, Caller } from '../http/index.ts';
import type { Clock } from '../ports/index.ts';
import type { Log } from '../telemetry.ts';
import { followFiles } from './followed-files.ts';

/**
 * The keys that are valid now: those of the settings, and those of the keyring, which is read anew when its file
 * changes and when somebody asks for it. A keyring that cannot be read leaves the keys of before valid, and says so:
 * a slip while keys are changed must not lock everybody out.
 */
export interface FollowedKeys extends AccessKeys {
	/** Reads the keyring anew, changed or not. */
	readonly reload: () => Promise<void>;
	readonly close: () => void;
}

interface Known extends Caller {
	readonly digest: Buffer;
}

interface KeyringState {
	keys: readonly Known[];
	readAt: number;
	fault: string | null;
}

interface KeysDeps {
	readonly clock: Clock;
	readonly log: Log;
}

/** Throws `config_invalid` where the keyring cannot be read: a start is watched, a reload is not. */
export async function followKeys(
	{ apiKeys, keyring }: Pick<Config, 'apiKeys' | 'keyring'>,
	deps: KeysDeps,
): Promise<FollowedKeys> {
	const ofSettings = apiKeys.map(({ tenant, key }) => ({ tenant, rights: keyRights, digest: digestOf(key) }));
	const isKept = keyring !== '';
	const state: KeyringState = {
		...{ keys: isKept ? knownIn(keyring) : [], readAt: deps.clock.now(), fault: null },
	};
	const followed = isKept
		? await followFiles([keyring], deps.clock, () => readAnew(keyring, state, deps))
		: null;
	return {
		isOpen: apiKeys.length === 0 && !isKept,
		find: (sent) => find([...ofSettings, ...state.keys], sent),
		status: () => ({
			count: ofSettings.length + state.keys.length,
			keyring: isKept ? { readAt: new Date(state.readAt).toISOString(), fault: state.fault } : null,
		}),
		reload: async () => followed?.readNow(),
		close: () => followed?.close(),
	};
}

function readAnew(file: string, state: KeyringState, { clock, log }: KeysDeps): boolean {
	try {
		state.keys = knownIn(file);
		state.readAt = clock.now();
		state.fault = null;
		log.info({ keys: state.keys.length }, 'the keyring was read');
	} catch (error) {
		const fault = error instanceof Error ? error.message : String(error);
		if (fault !== state.fault)
			log.error({ fault }, 'the keyring could not be read; the keys of before stay valid');
		state.fault = fault;
	}
	return state.fault === null;
}

const knownIn = (file: string): readonly Known[] =>
	readKeyring(file).map(({ tenant, rights, sha256 }) => ({
		...{ tenant, rights, digest: Buffer.from(sha256, 'hex') },
	}));

const digestOf = (key: string): Buffer => createHash('sha256').update(key).digest();

/** Every key is compared, in constant time: how long it takes says nothing. The widest of those that fit is it. */
function find(known: readonly Known[], sent: string): Caller | null {
	const digest = digestOf(sent);
	const found = known.filter((key) => timingSafeEqual(key.digest, digest));
	return found.find(({ tenant }) => tenant === null) ?? found[0] ?? null;
}
