/** One message of an event stream. */
export interface Message {
	type: string;
	id: string;
	data: string;
}

/**
 * Reads server-sent events (HTML standard, section 9.2.6) from text as it
 * arrives. Our own reader instead of EventSource, because a page that guards a
 * home must see a refusal (401 ends the session at once) and choose itself when
 * to try again.
 */
export class EventReader {
	#rest = '';
	#type = '';
	#id = '';
	#data: string[] = [];

	/** Takes a piece of the stream, gives the messages that it completed. */
	push(text: string): Message[] {
		const out: Message[] = [];
		this.#rest += text;
		for (;;) {
			const end = /\r\n|\n|\r/.exec(this.#rest);
			// A \r at the very end may be the first half of \r\n.
			if (!end || (end[0] === '\r' && end.index === this.#rest.length - 1)) return out;
			const line = this.#rest.slice(0, end.index);
			this.#rest = this.#rest.slice(end.index + end[0].length);
			const message = this.#line(line);
			if (message) out.push(message);
		}
	}

	#line(line: string): Message | null {
		if (line === '') {
			const { length } = this.#data;
			const message = { type: this.#type || 'message', id: this.#id, data: this.#data.join('\n') };
			this.#type = '';
			this.#data = [];
			return length ? message : null;
		}
		const colon = line.indexOf(':');
		if (colon === 0) return null;
		const field = colon < 0 ? line : line.slice(0, colon);
		const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
		if (field === 'event') this.#type = value;
		if (field === 'data') this.#data.push(value);
		if (field === 'id' && !value.includes('\0')) this.#id = value;
		return null;
	}
}
