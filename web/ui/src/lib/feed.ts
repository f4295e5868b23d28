/**
 * A picture that is handed to the browser's own player in pieces. An iPhone has only
 * the managed kind of that, and takes it for what plays on this device alone.
 */
type Kind = typeof MediaSource;

function kind(): { kind: Kind | undefined; managed: boolean } {
	const { ManagedMediaSource, MediaSource } = globalThis as { ManagedMediaSource?: Kind; MediaSource?: Kind };
	return { kind: ManagedMediaSource ?? MediaSource, managed: !!ManagedMediaSource };
}

/** What the pieces are, of "avc1.42c01e,mp4a.40.2". */
export const typeOf = (words: string): string => `video/mp4; codecs="${words}"`;

/** Whether this browser shows that. */
export const plays = (words: string): boolean => {
	const Made = kind().kind;
	return Made ? Made.isTypeSupported(typeOf(words)) : !!document.createElement('video').canPlayType(typeOf(words));
};

/** Whether a picture has to be there whole before this browser shows it: an iPhone of some years ago. */
export const wantsWhole = (): boolean => !kind().kind;

/** Has a picture wait for pieces; `url` is to be revoked in the end. Null when this browser doesn't show such. */
export function feed(video: HTMLVideoElement, words: string): { source: MediaSource; url: string } | null {
	const { kind: Made, managed } = kind();
	if (!Made || !plays(words)) return null;
	const source = new Made();
	if (managed) video.disableRemotePlayback = true;
	const url = URL.createObjectURL(source);
	video.src = url;
	return { source, url };
}
