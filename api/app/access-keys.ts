import { createHash, timingSafeEqual } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { readKeyring, type Config } from '../config/index.ts';
import { keyRights } from '../contract/key-rights.ts';
import type { AccessKeys, Caller } from '../http/index.ts';
import type { Clock } from '../ports/index.ts';
import type { Log } from '../telemetry.ts';

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

/** How often it is looked whether the file is another one. */
const lookMs = 2_000;

interface KeyringState {
	keys: readonly Known[];
	/** Of the file that was read last. */
	seen: string;
	readAt: number;
	fault: string | null;
	cancel: () => void;
	isClosed: boolean;
}

/** Throws `config_invalid` where the keyring cannot be read: a start is watched, a reload is not. */
export async function followKeys(
	{ apiKeys, keyring }: Pick<Config, 'apiKeys' | 'keyring'>,
	{ clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<FollowedKeys> {
	const ofSettings = apiKeys.map(({ tenant, key }) => ({ tenant, rights: keyRights, digest: digestOf(key) }));
	const seen = keyring === '' ? '' : await signOf(keyring);
	const state: KeyringState = {
		...{ keys: keyring === '' ? [] : knownIn(keyring), seen, readAt: clock.now() },
		...{ fault: null, cancel: () => {}, isClosed: false },
	};
	const look = async (isAsked: boolean): Promise<void> => {
		const sign = await signOf(keyring);
		if (isAsked || state.fault !== null || sign !== state.seen)
			readAnew(keyring, sign, state, { clock, log });
	};
	const lookLater = (): void => {
		if (!state.isClosed) state.cancel = clock.after(lookMs, () => void look(false).finally(lookLater));
	};
	if (keyring !== '') lookLater();
	return {
		isOpen: apiKeys.length === 0 && keyring === '',
		find: (sent) => find([...ofSettings, ...state.keys], sent),
		status: () => ({
			count: ofSettings.length + state.keys.length,
			keyring: keyring === '' ? null : { readAt: new Date(state.readAt).toISOString(), fault: state.fault },
		}),
		reload: async () => {
			if (keyring !== '') await look(true);
		},
		close() {
			state.isClosed = true;
			state.cancel();
		},
	};
}

function readAnew(
	file: string,
	sign: string,
	state: KeyringState,
	{ clock, log }: { readonly clock: Clock; readonly log: Log },
): void {
	state.seen = sign;
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
}

const knownIn = (file: string): readonly Known[] =>
	readKeyring(file).map(({ tenant, rights, sha256 }) => ({
		...{ tenant, rights, digest: Buffer.from(sha256, 'hex') },
	}));

/** Another one with every change of the file, its rights and what a link leads to. */
async function signOf(file: string): Promise<string> {
	const found = await stat(file, { bigint: true }).catch(() => null);
	return found === null ? '' : `${found.dev}:${found.ino}:${found.ctimeNs}:${found.size}`;
}

const digestOf = (key: string): Buffer => createHash('sha256').update(key).digest();

/** Every key is compared, in constant time: how long it takes says nothing. The widest of those that fit is it. */
function find(known: readonly Known[], sent: string): Caller | null {
	const digest = digestOf(sent);
	const found = known.filter((key) => timingSafeEqual(key.digest, digest));
	return found.find(({ tenant }) => tenant === null) ?? found[0] ?? null;
}
