// What npm zigbee-herdsman-converters makes of a device's bytes, on standard input
// and output, a JSON line for a question and one for its answer: the definition is
// looked up by model and maker, the frame is read by zigbee-herdsman, and what the
// definition's converters publish is said in our words.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { definitions, numbers, says, traitOf, word, zhc } from "./peer.mjs";

const require = createRequire(import.meta.url);
const { Zcl } = require("zigbee-herdsman");
const { attributeKeyValue } = require("zigbee-herdsman/dist/controller/helpers/zclFrameConverter.js");

/** a cluster of a device's own has what the library's of that name has, too */
function extend(name, c) {
  const base = Zcl.Clusters[name];
  const both = (part) => ({ ...base?.[part], ...c[part] });
  return { ...base, ...c, attributes: both("attributes"), commands: both("commands"), commandsResponse: both("commandsResponse") };
}

/** names as devices say them, where the peer has zeros or spaces at their end */
const clean = (s) => (s ?? "").split("\0")[0].trim();
const raw = new Map(
  definitions.flatMap((d) => [
    ...(d.zigbeeModel ?? []).map((m) => [clean(m), [m]]),
    ...(d.fingerprint ?? []).map((f) => [`${clean(f.modelID)} ${clean(f.manufacturerName)}`, [f.modelID, f.manufacturerName]]),
  ]),
);

const known = new Map();
async function definition(model, maker) {
  const key = `${model}\0${maker}`;
  if (!known.has(key)) {
    const [modelID, manufacturerName = maker] = raw.get(`${model} ${maker}`) ?? raw.get(model) ?? [model];
    const of = { type: "EndDevice", modelID, manufacturerName, ieeeAddr: "0x00158d0000000001", endpoints: [], customClusters: {}, meta: {} };
    const found = await zhc.findByDevice(of);
    const d = found && Object.assign(found, { file: definitions.find((x) => x.model === found.model)?.file });
    const custom = {};
    if (d) {
      const dev = { ...of, addCustomCluster: (name, c) => (custom[name] = extend(name, c)), getEndpoint: () => ({}), save() {} };
      for (const on of [d.onEvent].flat().filter(Boolean)) {
        try {
          await on({ type: "start", data: { device: dev, options: { disabled: true }, state: {} } });
        } catch {
          // it wants more of a device than its clusters
        }
      }
    }
    known.set(key, { d, custom });
  }
  return known.get(key);
}

const global = { report: "attributeReport", readRsp: "readResponse" };

async function answer({ model, maker, cluster, bytes }) {
  const { d, custom } = await definition(model, maker);
  if (!d) throw new Error(`no definition of ${model} by ${maker}`);
  const buffer = Buffer.from(bytes, "hex");
  const header = Zcl.Header.fromBuffer(buffer);
  const frame = Zcl.Frame.fromBuffer(cluster, header, buffer, custom);
  const name = frame.command.name;
  const data = header.isGlobal ? attributeKeyValue(frame, undefined, custom) : frame.payload;
  const type = header.isGlobal ? global[name] : `command${name[0].toUpperCase()}${name.slice(1)}`;
  const { out, lasts } = await says(d, frame.cluster.name, [type], data, { modelID: model, manufacturerName: maker, customClusters: custom });
  const traits = {};
  for (const [property, value] of Object.entries(out)) {
    const trait = property === "alarm" ? "siren" : traitOf(d, property);
    if (!trait) continue;
    let said = word(trait, property, value);
    if (trait === "siren") said = /^(off|normal|false|idle)$/i.test(String(value)) ? "off" : "on";
    if (numbers.includes(trait)) said = typeof value === "number" ? value : undefined;
    if (said === undefined || (/_alarm_[12]$/.test(property) && ["true", "open"].includes(traits[trait]))) continue; // a property for each bit
    traits[trait] = said;
  }
  return { definition: d.model, traits, lasts: lasts ?? 0 };
}

for await (const line of createInterface({ input: process.stdin })) {
  let out;
  try {
    out = { answer: await answer(JSON.parse(line)) };
  } catch (e) {
    out = { error: String(e) };
  }
  process.stdout.write(`${JSON.stringify(out)}\n`);
}
process.exit();
