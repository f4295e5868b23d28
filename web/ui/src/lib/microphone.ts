/** Runs beside the page, where a browser hands out what its microphone hears. */
import { Narrow } from './voice';

// The types of this place are not among the browser's own.
declare const sampleRate: number;
declare class AudioWorkletProcessor {
	readonly port: MessagePort;
}
declare function registerProcessor(name: string, of: new () => AudioWorkletProcessor): void;

class Microphone extends AudioWorkletProcessor {
	#narrow = new Narrow(sampleRate, (piece) => this.port.postMessage(piece, [piece.buffer]));

	process(inputs: Float32Array[][]): boolean {
		const heard = inputs[0]?.[0];
		if (heard) this.#narrow.take(heard);
		return true;
	}
}

registerProcessor('microphone', Microphone);
