/** Text as bytes of a charset that only TextDecoder knows: its table is what it decodes, turned around. */
export function createEncoder(charset: string) {
	const decoder = new TextDecoder(charset, { fatal: true });
	const bytesOf = new Map<string, readonly number[]>();
	const learn = (...bytes: number[]) => {
		try {
			const text = decoder.decode(Uint8Array.from(bytes));
			if (text.length > 0 && !bytesOf.has(text)) bytesOf.set(text, bytes);
		} catch {
			// No character, or the first byte of one.
		}
	};
	for (let one = 0; one < 256; one += 1) learn(one);
	for (let first = 0x81; first < 0xff; first += 1)
		for (let second = 0x40; second < 0xff; second += 1)
			if (!bytesOf.has(String.fromCharCode(first))) learn(first, second);
	return {
		/** The text without what the charset has no bytes for. */
		kept: (text: string): string => [...text].filter((character) => bytesOf.has(character)).join(''),
		encode: (text: string): Uint8Array =>
			Uint8Array.from([...text].flatMap((character) => bytesOf.get(character) ?? [])),
	};
}
