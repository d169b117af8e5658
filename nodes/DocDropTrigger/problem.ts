/** Something that a person has to mend: what is wrong, and how to set it right. Recognise it by `name`. */
export class TriggerProblem extends Error {
	override readonly name = 'TriggerProblem';
	/** What to do. */
	readonly hint: string;

	constructor(message: string, hint: string) {
		super(message);
		this.hint = hint;
	}
}

export const isTriggerProblem = (error: unknown): error is TriggerProblem =>
	error instanceof Error && error.name === 'TriggerProblem' && 'hint' in error;
