/** A text of any lines as one: white space of any kind and length becomes a blank. */
export const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
