import { expect, test } from 'vitest';

import { EventReader, type Message } from './sse';

const stream =
	': a comment\nretry: 1000\n\nid: 7\nevent: beat\ndata: {"now":1}\n\r\nevent: two\r\ndata: a\r\ndata:  b\r\n\r\n' +
	'data\n\nevent: nothing\n\nid: 8\ndata: last\rdata: line\r\rdata: unfinished';
const want: Message[] = [
	{ type: 'beat', id: '7', data: '{"now":1}' },
	{ type: 'two', id: '7', data: 'a\n b' },
	{ type: 'message', id: '7', data: '' },
	{ type: 'message', id: '8', data: 'last\nline' },
];

test('reads a stream, however it is cut', () => {
	for (let size = 1; size <= stream.length; size++) {
		const reader = new EventReader();
		const got: Message[] = [];
		for (let i = 0; i < stream.length; i += size) got.push(...reader.push(stream.slice(i, i + size)));
		expect(got, `in pieces of ${size}`).toEqual(want);
	}
});
