// The detector's network run by LiteRT (TensorFlow Lite with XNNPACK), compiled
// to WebAssembly: the yardstick for what comes out, and for what it takes.
//
//   node litert.mjs <model> <inputs> <outputs> <rounds>
//
// Both files are float32 in the machine's order, one picture after the other; an
// output is boxes, then odds. Prints what the runs took as JSON.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';

const [modelFile, inputFile, outputFile, rounds] = process.argv.slice(2);
const wasm = new URL('./node_modules/@litertjs/core/wasm/', import.meta.url);

// LiteRT.js is made for browsers and workers. What it asks of one is here: it
// loads its own script and its own WebAssembly, from the package's folder.
globalThis.self = globalThis;
globalThis.location = { href: wasm.href };
globalThis.require = createRequire(import.meta.url);
globalThis.__dirname = fileURLToPath(wasm);
globalThis.__filename = fileURLToPath(new URL('litert.js', wasm));
globalThis.importScripts = (url) => vm.runInThisContext(readFileSync(fileURLToPath(url), 'utf8'));
globalThis.fetch = async (url) =>
  new Response(readFileSync(fileURLToPath(String(url))), { headers: { 'content-type': 'application/wasm' } });

const { loadLiteRt, loadAndCompile, Tensor } = await import('@litertjs/core');
await loadLiteRt(wasm.href, { threads: false });
const began = process.cpuUsage();
const model = await loadAndCompile(new Uint8Array(readFileSync(modelFile)), { accelerator: 'wasm' });
const load = process.cpuUsage(began);

const bytes = readFileSync(inputFile);
const inputs = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
const size = 300 * 300 * 3;

async function run(i) {
  const input = new Tensor(inputs.slice(i * size, (i + 1) * size), [1, 300, 300, 3]);
  const outputs = await model.run(input);
  const numbers = outputs.map((o) => o.toTypedArray().slice());
  for (const t of [input, ...outputs]) t.delete();
  return numbers;
}

const results = [];
for (let i = 0; i < inputs.length / size; i++) {
  results.push(...(await run(i)).map((a) => Buffer.from(a.buffer)));
}
writeFileSync(outputFile, Buffer.concat(results));

const took = [];
for (let i = 0; i < Number(rounds); i++) {
  const before = process.cpuUsage();
  await run(0);
  const { user, system } = process.cpuUsage(before);
  took.push((user + system) / 1000);
}
const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
console.log(JSON.stringify({ load: (load.user + load.system) / 1000, took, peak }));
process.exit(0); // its workers would wait
