import { optionGroups } from '../../nodes/DocDropTrigger/option-groups.ts';

type Values = Readonly<Record<string, unknown>>;

/** Options of the trigger as its parameters hold them: each in its group. */
export function inGroups(options: Values): Record<string, Values> {
	const groups: Record<string, Record<string, unknown>> = {};
	for (const [name, value] of Object.entries(options)) {
		const group = optionGroups.find((one) => (one.options ?? []).some((option) => option.name === name));
		if (group === undefined) throw new Error(`the trigger has no option ${name}`);
		(groups[group.name] ??= {})[name] = value;
	}
	return groups;
}
