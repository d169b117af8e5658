/**
 * What becomes of an execution in which documents were refused. Asked by changes.ts once everything was sent.
 *
 * n8n's default is to fail the node, and the trigger sends what failed again, in halves: a few files that nobody can
 * read would keep their whole folder waiting. So what is wrong with a file of the trigger for good never fails the
 * run, under no setting: it becomes an item with its error, and a hint at the node says so. Items of other origin keep
 * n8n's meaning of On Error.
 */
import type { NodeExecutionHint } from 'n8n-workflow';
import { refusedKey, supersededCode } from '../../item.ts';
import type { Fault } from '../node-errors.ts';
import { inOtherWords, toNodeError } from '../failing.ts';
import type { ErrorPlace } from '../output-items.ts';
import type { Session } from '../session.ts';

export interface Refusal {
	readonly item: number;
	readonly about: ErrorPlace;
	readonly fault: Fault;
	/** The number of the change that the trigger told of, and sends again where the run fails; null of all others. */
	readonly toldSeq: number | null;
}

/** Nothing is wrong with the file: a person has to decide, and then it must be sent again. */
const toDecide: readonly string[] = ['forbidden', 'owned', supersededCode];
/** Refused documents that a text names. */
const named = 3;

/** `continues`: On Error of the node. */
export const failsRun = ({ fault, toldSeq }: Refusal, continues: boolean): boolean =>
	toldSeq !== null ? toDecide.includes(fault.code) : !continues;

/** Of those that fail the run, out of `total` items. */
export function refusalError(
	{ context }: Session,
	failing: readonly [Refusal, ...Refusal[]],
	total: number,
): Error {
	const [first] = failing;
	const { fault, item, toldSeq } = first;
	const about = { [refusedKey]: refusedSeqs(failing) };
	if (total === 1) return toNodeError(context, fault, item, about);
	const others = total - failing.length;
	const sent = others === 0 ? '' : ` The other ${others} were sent.`;
	const setting =
		toldSeq !== null ? '' : ' With On Error set to Continue, refused ones become items with an error.';
	return toNodeError(
		context,
		inOtherWords(fault, textOf(failing, total), `${fault.hint}${sent}${setting}`),
		item,
		about,
	);
}

/** What the trigger need not send again before somebody has decided. */
const refusedSeqs = (failing: readonly Refusal[]): readonly number[] =>
	failing.flatMap(({ fault, toldSeq }) =>
		toldSeq === null || fault.code === supersededCode ? [] : [toldSeq],
	);

function textOf(failing: readonly [Refusal, ...Refusal[]], total: number): string {
	const { message } = failing[0].fault;
	if (failing.every(({ fault }) => fault.message === message)) {
		return `${message} (${failing.length} of ${total} items: ${namesOf(failing)})`;
	}
	const examples = failing.slice(0, named).map(({ item, about, fault }) => {
		const name = about.docId === undefined ? '' : ` (${about.docId})`;
		return `item ${item}${name}: ${fault.code}: ${fault.message}`;
	});
	const more = failing.length > named ? `; and ${failing.length - named} more` : '';
	return `${failing.length} of ${total} items were refused: ${examples.join('; ')}${more}`;
}

function namesOf(refused: readonly Refusal[]): string {
	const names = refused.slice(0, named).map(({ item, about }) => about.docId ?? `item ${item}`);
	const more = refused.length > named ? ` and ${refused.length - named} more` : '';
	return `${names.join(', ')}${more}`;
}

/** What the node's output pane says above the items, where refusals became some of them. */
export function refusalHint(refused: readonly Refusal[], total: number): NodeExecutionHint {
	const reasons = Map.groupBy(refused, ({ fault }) => fault.message);
	const told = [...reasons]
		.slice(0, named)
		.map(([message, documents]) => `${message} (${documents.length}: ${namesOf(documents)})`);
	const hints = new Set(refused.map(({ fault }) => fault.hint));
	const more = reasons.size > named ? `; and for ${reasons.size - named} more reasons` : '';
	const text = `${refused.length} of ${total} documents were refused for good, and are items with their error: ${told.join('; ')}${more}. ${[...hints].join(' ')}${earlierText(refused)}`;
	return { message: asHtml(text), type: 'warning', location: 'outputPane' };
}

/** Nobody expects a search to find what a file says no more, or not to find what it said. */
function earlierText(refused: readonly Refusal[]): string {
	const ofKind = (kind: ErrorPlace['earlier']) => refused.filter(({ about }) => about.earlier === kind);
	const [kept, removed] = [ofKind('kept'), ofKind('removed')];
	return [
		kept.length === 0
			? ''
			: ` The index keeps the earlier text of ${kept.length} of them (${namesOf(kept)}); with the option Refused Files set to Remove From Index it lets go of it.`,
		removed.length === 0
			? ''
			: ` The earlier text of ${removed.length} of them was removed from the index (${namesOf(removed)}).`,
	].join('');
}

/** n8n shows hints as HTML, and files may be called anything. */
const asHtml = (text: string): string =>
	text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
