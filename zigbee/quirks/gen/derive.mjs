// Derives a quirk table from the definitions of npm zigbee-herdsman-converters
// (MIT): node derive.mjs [FILE], after npm ci --ignore-scripts in this folder. Run
// by hand when the peer's version changes; the hub has the result as data only.
//
// Definitions are programs, so none is read: each is asked as a black box what it
// publishes for each data point, of each type, with a row of numbers, and for each
// bit of a zone's status. What answers like a table becomes one; the rest is left
// out and counted.
import { writeFileSync } from "node:fs";
import { configures, definitions, exposes, licence, saysPoint, saysZone, sets, version } from "./peer.mjs";

/** the peer's properties and our traits */
const traits = {
  contact: "contact", smoke: "smoke", occupancy: "motion", presence: "occupancy", water_leak: "water", vibration: "vibration", gas: "gas",
  carbon_monoxide: "co", tamper: "tamper", battery_low: "low_battery", battery_state: "low_battery", battery_level: "low_battery", battery: "battery",
  temperature: "temperature", humidity: "humidity", illuminance: "illuminance",
};
const alarming = ["contact", "smoke", "motion", "occupancy", "water", "vibration", "gas", "co", "glass"];
const classes = { contact: "contact", smoke: "smoke", motion: "motion", occupancy: "motion", water: "leak", vibration: "vibration", gas: "gas", co: "CO", siren: "siren" };
const numbers = ["battery", "temperature", "humidity", "illuminance"];
const near = (a, b) => Math.abs(a - b) < 1e-6;

/** a property's trait: a sensor that speaks of presence is one of presence whatever the property is called */
function traitOf(d, property) {
  const name = property.replace(/_alarm_[12]$/, "");
  const t = traits[name];
  return t === "motion" && /presence|radar|mmwave|breath|bed/i.test(`${d.description} ${d.model}`) ? "occupancy" : t;
}

/** a published value in our words; undefined: none of ours */
function word(trait, property, v) {
  if (property === "battery_state" || property === "battery_level") return v === undefined ? undefined : String(v === "low");
  if (typeof v !== "boolean") return undefined;
  return trait === "contact" ? (v ? "closed" : "open") : String(v);
}

/** a table of numbers and words as a quirk file has it; undefined: it is none */
function table(trait, said) {
  const known = [...said].filter(([, w]) => w !== undefined);
  if (new Set(known.map(([, w]) => w)).size < 2) return undefined;
  const [zero, other] = trait === "contact" ? ["closed", "open"] : ["false", "true"];
  if (known.length === said.size && known.every(([n, w]) => w === (n === 0 ? zero : other))) return "";
  const last = [...said.values()].at(-1);
  const rest = last !== undefined && known.length === said.size ? last : undefined;
  return ` ${[...known.filter(([, w]) => w !== rest).map(([n, w]) => `${n}=${w}`), ...(rest === undefined ? [] : [`*=${rest}`])].join(" ")}`;
}

const bytes = (type, n) => {
  const b = Buffer.alloc(type === 2 ? 4 : 1);
  type === 2 ? b.writeInt32BE(n) : b.writeUInt8(n);
  return b;
};

/** arithmetic that turns from into to; undefined: none does */
function line(points) {
  const at = (n) => points.find(([x]) => x === n)[1];
  if (points.some(([, y]) => typeof y !== "number" || Number.isNaN(y))) return undefined;
  const [x1, x2] = [points[0][0], points.at(-1)[0]];
  const a = (at(x2) - at(x1)) / (x2 - x1);
  const b = at(x1) - a * x1;
  if (a <= 0 || points.some(([x, y]) => Math.abs(a * x + b - y) > 0.51)) return undefined;
  const by = near(a, 1) ? "" : near(1 / a, Math.round(1 / a)) ? ` /${Math.round(1 / a)}` : ` *${Number(a.toFixed(6))}`;
  return by + (near(b, 0) ? "" : b > 0 ? ` +${Number(b.toFixed(3))}` : ` -${Number((-b).toFixed(3))}`);
}

const probes = { battery: [0, 10, 40, 70, 100], temperature: [0, 10, 100, 200, 250], humidity: [0, 10, 100, 300, 500], illuminance: [0, 10, 100, 500, 1000] };

async function points(d) {
  const lines = [];
  const listed = d.meta?.tuyaDatapoints?.map((p) => p[0]);
  for (const dp of listed ? [...new Set(listed)] : Array.from({ length: 130 }, (_, i) => i + 1)) {
    const of = new Map(); // property → type → number → value
    const lasting = new Map();
    for (const [type, list] of [[1, [0, 1]], [4, [0, 1, 2, 3, 4, 5]], [2, [0, 1, 2, 3, 10, 40, 70, 100, 200, 250, 300, 500, 1000]]]) {
      for (const n of list) {
        const { out, lasts } = await saysPoint(d, dp, type, bytes(type, n));
        for (const [property, value] of Object.entries(out)) {
          if (!traitOf(d, property)) continue;
          if (lasts && value === true) lasting.set(property, lasts);
          if (!of.has(property)) of.set(property, new Map());
          const types = of.get(property);
          if (!types.has(type)) types.set(type, new Map());
          types.get(type).set(n, value);
        }
      }
    }
    for (const [property, types] of of) {
      const trait = traitOf(d, property);
      let how;
      if (numbers.includes(trait)) {
        const said = types.get(2);
        how = said && line(probes[trait].map((n) => [n, said.get(n)]));
        if (how === undefined && trait === "battery" && types.get(4)) {
          const levels = [...types.get(4)].filter(([n, v]) => n < 3 && typeof v === "number");
          if (new Set(levels.map(([, v]) => v)).size > 1) how = ` ${levels.map(([n, v]) => `${n}=${v}`).join(" ")}`;
        }
      } else {
        for (const type of [4, 1, 2]) {
          const list = { 1: [0, 1], 4: [0, 1, 2, 3, 4, 5], 2: [0, 1, 2, 3, 10] }[type];
          how ??= types.has(type) ? table(trait, new Map(list.map((n) => [n, word(trait, property, types.get(type).get(n))]))) : undefined;
        }
      }
      if (how === undefined) left.push(`${d.model}: data point ${dp}, ${property}`);
      else lines.push({ trait, text: `point ${dp} ${trait}${how}${lasting.has(property) ? ` lasts ${lasting.get(property)}s` : ""}` });
    }
  }
  return lines;
}

async function zone(d) {
  if (!d.fromZigbee.some((c) => c.cluster === "ssIasZone")) return [];
  const lines = [];
  const [none, first, second] = [await saysZone(d, 0), await saysZone(d, 1), await saysZone(d, 2)];
  for (const property of new Set([...Object.keys(none.out), ...Object.keys(first.out), ...Object.keys(second.out)])) {
    const trait = traitOf(d, property);
    if (!alarming.includes(trait)) continue;
    const [w0, w1, w2] = [none, first, second].map((s) => word(trait, property, s.out[property]));
    const bit = w1 !== w0 && w2 !== w0 ? "any" : w1 !== w0 ? "1" : w2 !== w0 ? "2" : undefined;
    const alarmed = bit === "2" ? w2 : w1;
    if (!bit || alarmed === undefined) {
      left.push(`${d.model}: zone, ${property}`);
      continue;
    }
    const how = table(trait, new Map([[0, w0], [1, alarmed]])) ?? ` 1=${alarmed}`;
    const lasts = { 1: first, 2: second, any: first }[bit].lasts;
    const lasting = lasts && alarmed === "true" ? ` lasts ${lasts}s` : "";
    const other = lines.find((l) => l.trait === trait);
    if (other) other.text = other.text.replace(/^alarm [12]/, "alarm any"); // the peer has a property for each bit
    else lines.push({ trait, text: `alarm ${bit} ${trait}${how}${lasting}` });
  }
  return lines;
}

/** how a siren is told to sound */
async function siren(d) {
  if (!/siren/i.test(d.description) && !d.model.startsWith("NAS-AB02")) return [];
  const all = exposes(d);
  const alarm = all.find((e) => e.name === "alarm");
  if (!alarm) return [];
  const one = (list) => list.find((v) => alarm.values?.includes(v));
  const sounds = alarm.type === "binary" ? (alarm.value_on ?? true) : one(["sound_light", "alarm_sound_light", "sound"]);
  const silent = alarm.type === "binary" ? (alarm.value_off ?? false) : one(["off", "normal"]);
  const [[on], [off]] = [await sets(d, "alarm", sounds), await sets(d, "alarm", silent)];
  if (!on || !off || on.dp !== off.dp) return [];
  const kind = { 1: "bool", 2: "number", 4: "enum" };
  const value = (p) => p.data.readUIntBE(0, p.data.length);
  const lines = [{ trait: "siren", text: `set siren ${on.dp} ${kind[on.datatype]} off=${value(off)} on=${value(on)}` }];
  if (on.send) lines.push({ text: "send" });
  for (const name of ["volume", "alarm_volume"]) {
    const e = all.find((x) => x.name === name);
    const loud = e && (e.type === "enum" ? ["high", "High", "loud"].find((v) => e.values.includes(v)) : e.value_max);
    const [p] = loud === undefined ? [] : await sets(d, name, loud);
    if (p) lines.push({ text: `set volume ${p.dp} ${kind[p.datatype]} ${value(p)}` });
  }
  for (const name of ["duration", "alarm_time"]) {
    const e = all.find((x) => x.name === name && x.type === "numeric");
    const [p] = e ? await sets(d, name, e.value_max) : [];
    if (p) lines.push({ text: `set duration ${p.dp} ${kind[p.datatype]} ${/^m/.test(e.unit ?? "s") ? "minutes" : "seconds"} ${value(p)}` });
  }
  // what it says of itself
  const said = new Map();
  for (const n of on.datatype === 1 ? [0, 1] : [0, 1, 2, 3]) {
    const { out } = await saysPoint(d, on.dp, on.datatype, bytes(on.datatype, n));
    if ("alarm" in out) said.set(n, out.alarm === silent ? "off" : "on");
  }
  if (new Set(said.values()).size === 2) {
    const plain = [...said].every(([n, w]) => w === (n === 0 ? "off" : "on"));
    lines.push({ text: `point ${on.dp} siren${plain ? "" : ` ${[...said].map(([n, w]) => `${n}=${w}`).join(" ")}`}` });
  }
  return lines;
}

const clean = (s) => s.split("\0")[0].trim();
const quote = (s) => (/^[^\s"#*]+$/.test(s) ? s : JSON.stringify(s));
const left = []; // what answers like no table
const skipped = []; // fingerprints that a match line can't say

/** who is meant: model → makers */
function matches(d) {
  const m = new Map();
  for (const model of d.zigbeeModel ?? []) m.set(clean(model), new Set());
  for (const f of d.fingerprint ?? []) {
    const more = Object.keys(f).filter((k) => !["modelID", "manufacturerName"].includes(k));
    if (!f.modelID || more.length > 0 || !f.manufacturerName) {
      skipped.push(`${d.model}: ${Object.keys(f).join(" ")}`);
      continue;
    }
    const model = clean(f.modelID);
    if (!m.has(model)) m.set(model, new Set([clean(f.manufacturerName)]));
    else if (m.get(model).size > 0) m.get(model).add(clean(f.manufacturerName));
  }
  return [...m].filter(([model]) => model !== "");
}

const entries = [];
const counts = {};
const seen = new Set();
for (const d of definitions) {
  const found = new Map(); // in the peer's own words, by class and way
  const tuya = d.fromZigbee.some((c) => c.cluster === "manuSpecificTuya" && [c.type].flat().some((t) => t.startsWith("commandData") || t.startsWith("commandActive")));
  if (d.file === "lumi.js") continue; // own.quirks
  const asked = [...(tuya ? await points(d) : []), ...(await zone(d)), ...(tuya ? await siren(d) : [])];
  const way = tuya ? "tuya" : "ias";
  for (const p of exposes(d)) {
    const c = classes[p.name === "alarm" && asked.some((l) => l.trait === "siren") ? "siren" : traitOf(d, p.name ?? "")];
    if (c && (tuya || d.fromZigbee.some((z) => z.cluster === "ssIasZone"))) found.set(c, way);
  }
  const got = new Set(asked.map((l) => classes[l.trait]).filter(Boolean));
  const who = matches(d).filter(([model, makers]) => {
    const names = makers.size ? [...makers] : [""];
    for (const n of names) if (seen.has(`${model} ${n}`)) makers.delete(n);
    for (const n of names) seen.add(`${model} ${n}`);
    return !(names[0] !== "" && makers.size === 0);
  });
  for (const [c] of found) {
    counts[c] ??= { tuya: [0, 0], ias: [0, 0] };
    counts[c][way][1]++;
    if (got.has(c) && who.length > 0) counts[c][way][0]++;
  }
  if (who.length === 0 || got.size === 0) continue;
  const done = tuya ? await configures(d) : [];
  const lines = [...new Set(asked.map((l) => l.text))];
  if (tuya) {
    lines.push("read 0x0000 0x0004 0x0000 0x0001 0x0005 0x0007 0xfffe");
    if (done.some((x) => x.command === "dataQuery")) lines.push("query");
    if (d.options?.some((o) => o.name === "time_start" && /Default for this device: "2000"/.test(o.description ?? ""))) lines.push("clock 2000");
    if (d.meta?.tuyaSendCommand === "sendData" && !lines.includes("send")) lines.push("send");
  }
  entries.push({ name: `${d.vendor} ${d.model}: ${d.description}`.replace(/[\s#"]+/g, " "), who, lines });
}

const names = new Set();
let text = `# Derived from npm zigbee-herdsman-converters ${version} by gen/derive.mjs: what the
# data points of Tuya's devices and the alarm bits of IAS zones mean. Its licence,
# MIT, and its notice stand in herdsman.LICENSE. Not to be changed by hand.
`;
for (const e of entries) {
  let name = e.name;
  for (let n = 2; names.has(name); n++) name = `${e.name} (${n})`;
  names.add(name);
  text += `\ndevice ${name}\n${e.who.map(([m, makers]) => `match ${[m, ...makers].map(quote).join(" ")}\n`).join("")}${e.lines.map((l) => `${l}\n`).join("")}`;
}
const file = process.argv[2] ?? new URL("../herdsman.quirks", import.meta.url);
writeFileSync(file, text);
writeFileSync(new URL("../herdsman.LICENSE", import.meta.url), `herdsman.quirks is derived from npm zigbee-herdsman-converters ${version}:\n\n${licence}`);
console.log(`${entries.length} devices, ${text.length} bytes; ${left.length} readings are no tables, ${skipped.length} fingerprints say more than model and maker`);
for (const [c, n] of Object.entries(counts)) console.log(`${c}: ${n.tuya[0]} of ${n.tuya[1]} by data points, ${n.ias[0]} of ${n.ias[1]} by zone`);
if (process.env.LEFT) console.log(left.join("\n"), "\n", skipped.join("\n"));
