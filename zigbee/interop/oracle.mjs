// The codecs of zigbee-herdsman on standard input and output, a JSON line for a
// question and a JSON line for its answer. JSON has no bytes, no large integers
// and no NaN: they are the strings "hex:0102", "123n" and "NaN".
import { createInterface } from "node:readline";
import herdsman from "zigbee-herdsman";

const { Zcl, Zdo } = herdsman;
BigInt.prototype.toJSON = function () {
  return `${this}n`;
};
const from = (_, v) =>
  typeof v !== "string" ? v
  : v.startsWith("hex:") ? Buffer.from(v.slice(4), "hex")
  : /^-?\d+n$/.test(v) ? BigInt(v.slice(0, -1))
  : v === "NaN" ? Number.NaN
  : v;
const to = (_, v) =>
  v?.type === "Buffer" ? `hex:${Buffer.from(v.data).toString("hex")}`
  : Number.isNaN(v) ? "NaN"
  : v;

const answers = {
  zclRead({ cluster, bytes }) {
    const header = Zcl.Header.fromBuffer(bytes);
    const frame = Zcl.Frame.fromBuffer(cluster, header, bytes, {});
    return { name: frame.command.name, header, payload: frame.payload };
  },
  zclWrite({ cluster, kind, direction, quiet, manufacturer, sequence, name, payload }) {
    const frame = Zcl.Frame.create(kind, direction, quiet, manufacturer || undefined, sequence, name, cluster, payload, {});
    return frame.toBuffer();
  },
  zdoRead({ cluster, bytes }) {
    return Zdo.Buffalo.readResponse(false, cluster, bytes);
  },
  zdoWrite({ cluster, args }) {
    return Zdo.Buffalo.buildRequest(false, cluster, ...args);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line, from);
  let answer;
  try {
    answer = { answer: answers[question.ask](question) };
  } catch (e) {
    answer = { error: String(e) };
  }
  process.stdout.write(`${JSON.stringify(answer, to)}\n`);
}
