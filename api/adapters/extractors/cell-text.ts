/** The value of a cell as text. */
import type { CellObject } from '@e965/xlsx';
import { oneLine } from './one-line.ts';

/** SheetJS's knowledge of formats and of the calendar of workbooks, which its types leave open. */
export interface CellCalendar {
	is_date(format: string): boolean;
	/** Null where the number is beyond the calendar. */
	parse_date_code(value: number, options: { readonly date1904: boolean }): DateParts | null;
}

interface DateParts {
	readonly y: number;
	readonly m: number;
	readonly d: number;
	readonly H: number;
	readonly M: number;
	readonly S: number;
}

type Shown = 'number' | 'date' | 'time';

/** What shows no day and is less than so many of them is a span of time; else a day of which the hour is shown. */
const LONGEST_SPAN_DAYS = 1_000;

/** `date1904`: days are counted from 1904 on. */
export function cellReader(calendar: CellCalendar, date1904: boolean): (cell: CellObject) => string {
	const formats = new Map<string, Shown>();
	const shownAs = (format: string) => {
		const known = formats.get(format) ?? kindOf(calendar, format);
		formats.set(format, known);
		return known;
	};
	return ({ t, v, z }) => {
		if (t === 's') return oneLine(String(v));
		if (t === 'b') return v === true ? 'TRUE' : 'FALSE';
		if (t !== 'n' || typeof v !== 'number' || !Number.isFinite(v)) return '';
		const shown = typeof z === 'string' ? shownAs(z) : 'number';
		if (shown === 'number') return String(v);
		if (shown === 'time' && v < LONGEST_SPAN_DAYS) return hours(v);
		const parts = calendar.parse_date_code(v, { date1904 });
		return parts === null ? String(v) : isoDate(parts);
	};
}

function kindOf(calendar: CellCalendar, format: string): Shown {
	if (!calendar.is_date(format)) return 'number';
	// Letters in quotes or behind a backslash are words; those in brackets a language, or hours beyond a day.
	return /[yd]/i.test(format.replace(/"[^"]*"|\\.|\[[^\]]*\]/g, '')) ? 'date' : 'time';
}

function isoDate({ y, m, d, H, M, S }: DateParts): string {
	const time = `${two(H)}:${two(M)}:${two(S)}`;
	const day = `${String(y).padStart(4, '0')}-${two(m)}-${two(d)}`;
	return time === '00:00:00' ? day : `${day}T${time}`;
}

/** Of days, as hours that may be more than 24. */
function hours(days: number): string {
	const seconds = Math.round(Math.abs(days) * 86_400);
	const minutes = Math.floor(seconds / 60);
	return `${days < 0 ? '-' : ''}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

const two = (value: number) => String(value).padStart(2, '0');
