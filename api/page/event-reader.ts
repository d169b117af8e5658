/** Takes the text of a stream of server-sent events, however it is cut, and tells the data of each event. Pure. */
export function eventReader(onData: (data: string) => void): (text: string) => void {
	let rest = '';
	return (text) => {
		const events = (rest + text).split('\n\n');
		rest = events.pop() ?? '';
		for (const event of events) {
			const lines = event.split('\n').filter((line) => line.startsWith('data:'));
			if (lines.length > 0) onData(lines.map((line) => line.slice(5).replace(/^ /, '')).join('\n'));
		}
	};
}
