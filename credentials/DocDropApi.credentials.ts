import type {
	Icon,
	ICredentialDataDecryptedObject,
	ICredentialType,
	IHttpRequestOptions,
	INodeProperties,
} from 'n8n-workflow';
import { keyHeader } from '../nodes/DocDrop/address.ts';

/**
 * Where the DocDrop API is, and the key for it. The node reads the address, n8n adds the key to each request. The
 * test lies with the action node (nodes/DocDrop/credential-test.ts): rules of n8n's own could not name both versions
 * of a contract mismatch, nor say what a refused connection means.
 */
export class DocDropApi implements ICredentialType {
	name = 'docDropApi';

	displayName = 'DocDrop API';

	icon: Icon = { light: 'file:docdrop.svg', dark: 'file:docdrop.dark.svg' };

	documentationUrl = 'https://github.com/docdrop/n8n-nodes-docdrop/blob/main/docs/n8n.md#credential';

	properties: INodeProperties[] = [
		{
			displayName: 'Address',
			name: 'baseUrl',
			type: 'string',
			default: 'http://127.0.0.1:8765',
			placeholder: 'e.g. http://api:8765',
			required: true,
			description:
				'Where n8n reaches the DocDrop API. On the same machine: http://127.0.0.1:8765. In the same Docker Compose file: http://api:8765, the name of the service. n8n in Docker and the API on the host: http://host.docker.internal:8765, with DOCDROP_HOST=0.0.0.0 and DOCDROP_API_KEYS set for the API, because it otherwise answers its own machine only.',
		},
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			description:
				'A key of the API, with the rights read and write: one that docdrop keys add showed, or one in DOCDROP_API_KEYS. Leave it empty while the API has none: then it answers its own machine only.',
		},
	];

	/** A function, because an expression would send an empty header where there is no key. */
	async authenticate(
		{ apiKey }: ICredentialDataDecryptedObject,
		options: IHttpRequestOptions,
	): Promise<IHttpRequestOptions> {
		return { ...options, headers: { ...options.headers, ...keyHeader(apiKey) } };
	}
}
