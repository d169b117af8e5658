import type { ICredentialDataDecryptedObject, ICredentialsHelper, IHttpRequestOptions } from 'n8n-workflow';
import { DocDropApi } from '../../credentials/DocDropApi.credentials.ts';

/**
 * The credentials of one execution, in memory: n8n's command line has them in its database. Each request passes here
 * last before n8n sends it, whole and with its key. `read` is asked each time, so that a credential may change under
 * an execution.
 */
export function credentialsInMemory(
	read: () => ICredentialDataDecryptedObject,
	onRequest: (request: IHttpRequestOptions) => void,
): ICredentialsHelper {
	const type = new DocDropApi();
	return {
		getDecrypted: async () => ({ ...read() }),
		async authenticate(data, _type, request) {
			const authenticated = await type.authenticate(data, request as IHttpRequestOptions);
			onRequest(authenticated);
			return authenticated;
		},
		getParentTypes: () => [],
		isCredentialUsableByNode: () => true,
		preAuthentication: async () => undefined,
		runPreAuthentication: async () => undefined,
		getCredentialsProperties: () => type.properties,
		getCredentials: unsaved,
		updateCredentials: unsaved,
		updateCredentialsOauthTokenData: unsaved,
	};
}

async function unsaved(): Promise<never> {
	throw new Error('no node of ours asks for a saved credential');
}
