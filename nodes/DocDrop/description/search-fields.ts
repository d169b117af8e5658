import type { INodeProperties } from 'n8n-workflow';
import { limits, searchResultsUnset } from '../../../api/contract/limits.ts';
import { choiceField, switchField, textField } from '../../panel-fields.ts';
import { collectionField, filterField, tenantField } from './fields.ts';

const show = { resource: ['document'], operation: ['search'] };

const options: INodeProperties[] = [
	{
		displayName: 'Context',
		name: 'context',
		type: 'number',
		default: 0,
		typeOptions: { minValue: 0, maxValue: limits.contextChunks },
		description: 'Passages before each result, and as many behind it, that come with it as "context"',
	},
	{
		...textField('Document ID', 'docId'),
		placeholder: 'e.g. handbook/vacation.md',
		description: 'Search in this document only',
	},
	{
		...switchField('Each Document Once', 'groupByDocument'),
		description: 'Whether a document comes once, with its best passage',
	},
	{
		...switchField('Explain', 'explain'),
		description: 'Whether to say which place and score a passage had by meaning and by words, as "explain"',
	},
	{
		...textField('Facets', 'facets'),
		placeholder: 'e.g. author, tags',
		description:
			'Names of metadata, with commas between them: how many of the found documents have which value of each, as "facets" of the answer',
	},
	filterField('Search only documents that are like this'),
	{
		...switchField('Highlight', 'highlight'),
		description: 'Whether to say where in a passage words of the query stand, as "highlights"',
	},
	{
		displayName: 'Minimum Score',
		name: 'minScore',
		type: 'number',
		default: 0,
		typeOptions: { minValue: 0, maxValue: 1, numberPrecision: 3 },
		description: 'Leave out passages with a lower score',
	},
	{
		...choiceField('Mode', 'mode', 'hybrid'),
		description: 'How passages are found',
		options: [
			{ name: 'By Meaning', value: 'dense', description: 'By vectors only' },
			{ name: 'By Meaning and Words', value: 'hybrid', description: 'Both lists, joined by their scores' },
			{ name: 'By Words', value: 'text', description: 'By words only, for names and numbers' },
		],
	},
	{
		displayName: 'Offset',
		name: 'offset',
		type: 'number',
		default: 0,
		typeOptions: { minValue: 0, maxValue: limits.searchWindow - 1 },
		description: 'Results to pass over, those of earlier pages',
	},
	{
		...switchField('One Item per Passage', 'onePerPassage'),
		default: true,
		description:
			'Whether each passage becomes an item of its own, and a question without an answer none. Off: one item a question, with its passages in "results".',
		// A model asks one question and gets one answer.
		displayOptions: { hide: { '@tool': [true] } },
	},
];

export const searchFields: INodeProperties[] = [
	tenantField(show, ''),
	{
		...textField('Query', 'query'),
		required: true,
		placeholder: 'e.g. How many days of vacation do I have?',
		description: 'What to look for: words, or a question in plain language that stands for itself',
		displayOptions: { show },
	},
	{
		displayName: 'Limit',
		name: 'limit',
		type: 'number',
		default: searchResultsUnset.reader,
		typeOptions: { minValue: 1, maxValue: limits.searchResults },
		description: 'Max number of results to return',
		displayOptions: { show },
	},
	collectionField('Options', show, options),
];
