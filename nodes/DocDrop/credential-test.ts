/**
 * The live test of the credential: n8n calls it when somebody saves one. Hooked into the action node as `testedBy`,
 * because n8n's declarative tests only know fixed messages: they cannot name the contract that was met, nor say what
 * a refused connection means.
 */
import type {
	ICredentialsDecrypted,
	ICredentialTestFunctions,
	INodeCredentialTestResult,
} from 'n8n-workflow';
import { systemClock } from '../watch/clock.ts';
import { keyHeader, parseAddress } from './address.ts';
import { createAnswerReader, meaningOf, type Answer } from './answer.ts';
import { isApiFailure, type ApiFailure } from './node-errors.ts';
import { checkInfo, contractVersion } from './api-limits.ts';
import { unreachedFailure } from './unreachable.ts';

const timeoutMs = 10_000;
const readAnswer = createAnswerReader(systemClock);

export async function testDocDropApi(
	this: ICredentialTestFunctions,
	{ data }: ICredentialsDecrypted,
): Promise<INodeCredentialTestResult> {
	try {
		const { version } = await readInfo(this, data?.['baseUrl'], data?.['apiKey']);
		return { status: 'OK', message: `Connected to DocDrop API ${version}, contract ${contractVersion}` };
	} catch (error) {
		return { status: 'Error', message: isApiFailure(error) ? sentences(error) : 'The test itself failed.' };
	}
}

async function readInfo({ helpers }: ICredentialTestFunctions, baseUrl: unknown, apiKey: unknown) {
	const at = parseAddress(baseUrl);
	const headers = { accept: 'application/json', ...keyHeader(apiKey) };
	let answer: Answer;
	try {
		// The only request function that n8n has here.
		const { request } = helpers;
		answer = await readAnswer(
			await request({
				method: 'GET',
				url: `${at.baseUrl}/v1/info`,
				headers,
				timeout: timeoutMs,
				followRedirect: false,
				resolveWithFullResponse: true,
				simple: false,
				useStream: true,
			}),
		);
	} catch (error) {
		throw unreachedFailure(error, at).failure;
	}
	const meaning = meaningOf(answer, at);
	if (isApiFailure(meaning)) throw meaning;
	return checkInfo(meaning.value, at.host);
}

const sentences = ({ message, hint }: ApiFailure) =>
	`${message.charAt(0).toUpperCase()}${message.slice(1)}. ${hint}`;
