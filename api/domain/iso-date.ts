const dateForm =
	/^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:(Z)|([+-])(\d\d):?(\d\d))?)?$/;

/**
 * The moment that a text names, ms since 1970: a date, or a date with a time; without a zone in UTC. Null where it is
 * neither. These are the forms that Qdrant reads as dates as well, so that both indexes know the same texts for one.
 */
export function momentOf(text: string): number | null {
	const [
		,
		year,
		month,
		day,
		hour = '0',
		minute = '0',
		second = '0',
		fraction = '',
		zulu,
		sign,
		hours,
		minutes,
	] = dateForm.exec(text) ?? [];
	if (year === undefined || (zulu !== undefined && text[10] === ' ')) return null;
	if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
	if (sign !== undefined && (Number(hours) > 23 || Number(minutes) > 59)) return null;
	const date = new Date(0);
	date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
	// Of a day that the month does not have, Date makes one of the next month.
	if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return null;
	const offset = sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
	const seconds = (Number(hour) * 60 + Number(minute) - offset) * 60 + Number(second);
	// To the microsecond, as Qdrant keeps it.
	return date.getTime() + seconds * 1_000 + Number(fraction.padEnd(6, '0').slice(0, 6)) / 1_000;
}
