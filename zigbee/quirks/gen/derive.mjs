// Derives a quirk table from the definitions of npm zigbee-herdsman-converters
// (MIT): node derive.mjs [FILE], after npm ci --ignore-scripts in this folder. Run
// by hand when the peer's version changes; the hub has the result as data only.
//
// Definitions are programs, so none is read: each is asked as a black box what it
// publishes for each data point, of each type, with a row of numbers, and for each
// bit of a zone's status. What answers like a table becomes one; the rest is left
// out and counted.
import { writeFileSync } from "node:fs";
import { configures, definitions, exposes, licence, numbers, saysPoint, saysZone, sets, traitOf, version, word } from "./peer.mjs";

const alarming = ["contact", "smoke", "motion", "occupancy", "water", "vibration", "gas", "co", "glass"];
const classes = { contact: "contact", smoke: "smoke", motion: "motion", occupancy: "motion", water: "leak", vibration: "vibration", gas: "gas", co: "CO", siren: "siren" };
const near = (a, b) => Math.abs(a - b) < 1e-6;

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

async function points(d, of) {
  const lines = [];
  const listed = d.meta?.tuyaDatapoints?.map((p) => p[0]);
  for (const dp of listed ? [...new Set(listed)] : Array.from({ length: 130 }, (_, i) => i + 1)) {
    const heard = new Map(); // property → type → number → value
    const lasting = new Map();
    for (const [type, list] of [[1, [0, 1]], [4, [0, 1, 2, 3, 4, 5]], [2, [0, 1, 2, 3, 10, 40, 70, 100, 200, 250, 300, 500, 1000]]]) {
      for (const n of list) {
        const { out, lasts } = await saysPoint(d, dp, type, bytes(type, n), of);
        for (const [property, value] of Object.entries(out)) {
          if (!traitOf(d, property)) continue;
          if (lasts && value === true) lasting.set(property, lasts);
          if (!heard.has(property)) heard.set(property, new Map());
          const types = heard.get(property);
          if (!types.has(type)) types.set(type, new Map());
          types.get(type).set(n, value);
        }
      }
    }
    for (const [property, types] of heard) {
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
      if (how === undefined) left.add(`${d.model}: data point ${dp}, ${property}`);
      else lines.push({ trait, text: `point ${dp} ${trait}${how}${lasting.has(property) ? ` lasts ${lasting.get(property)}s` : ""}` });
    }
  }
  return lines;
}

async function zone(d, of) {
  if (!d.fromZigbee.some((c) => c.cluster === "ssIasZone")) return [];
  const lines = [];
  const [none, first, second] = [await saysZone(d, 0, of), await saysZone(d, 1, of), await saysZone(d, 2, of)];
  for (const property of new Set([...Object.keys(none.out), ...Object.keys(first.out), ...Object.keys(second.out)])) {
    const trait = traitOf(d, property);
    if (!alarming.includes(trait)) continue;
    const [w0, w1, w2] = [none, first, second].map((s) => word(trait, property, s.out[property]));
    const bit = w1 !== w0 && w2 !== w0 ? "any" : w1 !== w0 ? "1" : w2 !== w0 ? "2" : undefined;
    const alarmed = bit === "2" ? w2 : w1;
    if (!bit || alarmed === undefined) {
      left.add(`${d.model}: zone, ${property}`);
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
async function siren(d, of) {
  if (!/siren/i.test(d.description) && !d.model.startsWith("NAS-AB02")) return [];
  const all = exposes(d);
  const alarm = all.find((e) => e.name === "alarm");
  if (!alarm) return [];
  const one = (list) => list.find((v) => alarm.values?.includes(v));
  const sounds = alarm.type === "binary" ? (alarm.value_on ?? true) : one(["sound_light", "alarm_sound_light", "sound"]);
  const silent = alarm.type === "binary" ? (alarm.value_off ?? false) : one(["off", "normal"]);
  const [[on], [off]] = [await sets(d, "alarm", sounds, of), await sets(d, "alarm", silent, of)];
  if (!on || !off || on.dp !== off.dp) return [];
  const kind = { 1: "bool", 2: "number", 4: "enum" };
  const value = (p) => p.data.readUIntBE(0, p.data.length);
  const lines = [{ trait: "siren", text: `set siren ${on.dp} ${kind[on.datatype]} off=${value(off)} on=${value(on)}` }];
  if (on.send) lines.push({ text: "send" });
  for (const name of ["volume", "alarm_volume"]) {
    const e = all.find((x) => x.name === name);
    const loud = e && (e.type === "enum" ? ["high", "High", "loud"].find((v) => e.values.includes(v)) : e.value_max);
    const [p] = loud === undefined ? [] : await sets(d, name, loud, of);
    if (p) lines.push({ text: `set volume ${p.dp} ${kind[p.datatype]} ${value(p)}` });
  }
  for (const name of ["duration", "alarm_time"]) {
    const e = all.find((x) => x.name === name && x.type === "numeric");
    const [p] = e ? await sets(d, name, e.value_max, of) : [];
    if (p) lines.push({ text: `set duration ${p.dp} ${kind[p.datatype]} ${/^m/.test(e.unit ?? "s") ? "minutes" : "seconds"} ${value(p)}` });
  }
  // what it says of itself
  const said = new Map();
  for (const n of on.datatype === 1 ? [0, 1] : [0, 1, 2, 3]) {
    const { out } = await saysPoint(d, on.dp, on.datatype, bytes(on.datatype, n), of);
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
const left = new Set(); // what answers like no table
const skipped = []; // fingerprints that a match line can't say

const claims = new Map(); // how many definitions have a name but for zeros and spaces at its end
for (const m of definitions.flatMap((d) => d.zigbeeModel ?? [])) claims.set(clean(m), (claims.get(clean(m)) ?? 0) + 1);

/** who is meant: model → makers */
function matches(d) {
  const m = new Map();
  for (const model of d.zigbeeModel ?? []) {
    if (clean(model) === model || claims.get(clean(model)) === 1) m.set(clean(model), new Set());
  }
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
  const way = tuya ? "tuya" : "ias";
  for (const p of exposes(d)) {
    const c = classes[p.name === "alarm" && tuya && (/siren/i.test(d.description) || d.model.startsWith("NAS-AB02")) ? "siren" : traitOf(d, p.name ?? "")];
    if (c && (tuya || d.fromZigbee.some((z) => z.cluster === "ssIasZone"))) found.set(c, way);
  }
  const who = matches(d).filter(([model, makers]) => {
    const names = makers.size ? [...makers] : [""];
    for (const n of names) if (seen.has(`${model} ${n}`)) makers.delete(n);
    for (const n of names) seen.add(`${model} ${n}`);
    return !(names[0] !== "" && makers.size === 0);
  });
  // a definition may take one maker's device otherwise than another's
  const groups = new Map(); // lines → model → makers
  const got = new Set();
  for (const [model, makers] of who) {
    for (const maker of makers.size ? makers : [undefined]) {
      const of = { modelID: model, manufacturerName: maker };
      const asked = [...(tuya ? await points(d, of) : []), ...(await zone(d, of)), ...(tuya ? await siren(d, of) : [])];
      const here = asked.map((l) => classes[l.trait]).filter(Boolean);
      if (here.length === 0) continue;
      for (const c of here) got.add(c);
      const key = [...new Set(asked.map((l) => l.text))].join("\n");
      if (!groups.has(key)) groups.set(key, new Map());
      const group = groups.get(key);
      if (!group.has(model)) group.set(model, new Set());
      if (maker) group.get(model).add(maker);
    }
  }
  for (const [c] of found) {
    counts[c] ??= { tuya: [0, 0], ias: [0, 0] };
    counts[c][way][1]++;
    if (got.has(c)) counts[c][way][0]++;
  }
  const done = tuya && groups.size > 0 ? await configures(d) : [];
  for (const [key, group] of groups) {
    const lines = key.split("\n");
    if (tuya) {
      lines.push("read 0x0000 0x0004 0x0000 0x0001 0x0005 0x0007 0xfffe");
      if (done.some((x) => x.command === "dataQuery")) lines.push("query");
      if (d.options?.some((o) => o.name === "time_start" && /Default for this device: "2000"/.test(o.description ?? ""))) lines.push("clock 2000");
      if (d.meta?.tuyaSendCommand === "sendData" && !lines.includes("send")) lines.push("send");
    }
    entries.push({ name: `${d.vendor} ${d.model}: ${d.description}`.replace(/[\s#"]+/g, " "), who: [...group], lines });
  }
}

const names = new Set();
let text = `# Derived from npm zigbee-herdsman-converters ${version} by gen/derive.mjs: what the
# data points of Tuya's devices and the alarm bits of IAS zones mean. Its licence,
# MIT, and its notice stand in herdsman.LICENSE. Not to be changed by hand.
#
# How many of its definitions of a class are here, of how many there are:
${Object.entries(counts)
  .map(([c, n]) => `# ${c}: ${n.tuya[0]} of ${n.tuya[1]} by data points, ${n.ias[0]} of ${n.ias[1]} by zone`)
  .join("\n")}
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
console.log(`${entries.length} devices, ${text.length} bytes; ${left.size} readings are no tables, ${skipped.length} fingerprints say more than model and maker`);
if (process.env.LEFT) console.log([...left].join("\n"), "\n", skipped.join("\n"));
