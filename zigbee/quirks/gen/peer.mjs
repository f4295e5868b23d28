// The definitions of npm zigbee-herdsman-converters as a black box: what does one
// publish when a device says this, and what does it send when it is told that?
// Shared by derive.mjs, which makes the table of it, and by the judge in
// zigbee/interop, which holds the table to it.
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);
const root = dirname(dirname(require.resolve("zigbee-herdsman-converters")));
export const zhc = require("zigbee-herdsman-converters");
zhc.setLogger({ debug() {}, info() {}, warning() {}, error() {} });
export const version = JSON.parse(readFileSync(join(root, "package.json"))).version;
export const licence = readFileSync(join(root, "LICENSE"), "utf8");

/** every definition, with its extensions worked in */
export const definitions = readdirSync(join(root, "dist/devices"))
  .filter((f) => f.endsWith(".js") && f !== "index.js")
  .sort()
  .flatMap((f) => (require(join(root, "dist/devices", f)).definitions ?? []).map((d) => Object.assign(zhc.prepareDefinition(d), { file: f })));

/** the peer's properties and our traits */
const traits = {
  contact: "contact", smoke: "smoke", occupancy: "motion", presence: "occupancy", water_leak: "water", vibration: "vibration", gas: "gas",
  carbon_monoxide: "co", tamper: "tamper", battery_low: "low_battery", battery_state: "low_battery", battery_level: "low_battery", battery: "battery",
  temperature: "temperature", humidity: "humidity", illuminance: "illuminance",
};
/** a property's trait: a sensor that speaks of presence is one of presence whatever the property is called */
export function traitOf(d, property) {
  const name = property.replace(/_alarm_[12]$/, "");
  const t = traits[name];
  return t === "motion" && /presence|radar|mmwave|breath|bed/i.test(`${d.description} ${d.model}`) ? "occupancy" : t;
}

/** a published value in our words; undefined: none of ours */
export function word(trait, property, v) {
  if (property === "battery_state" || property === "battery_level") return v === undefined ? undefined : String(v === "low");
  if (typeof v !== "boolean") return undefined;
  return trait === "contact" ? (v ? "closed" : "open") : String(v);
}

/** traits that are numbers */
export const numbers = ["battery", "temperature", "humidity", "illuminance"];

const anything = (does = {}) => new Proxy(does, { get: (t, k) => (k in t ? t[k] : k === "then" ? undefined : () => undefined) });
let number = 0;

/** a device that a converter may look at; what is done to it is written into done */
export function device(d, done = [], of = {}) {
  const endpoint = anything({
    constructor: { name: "Endpoint" }, ID: 1, inputClusters: [], outputClusters: [], clusters: {}, binds: [], configuredReportings: [],
    command: async (cluster, name, payload) => done.push({ command: name, cluster, payload }),
    bind: async (cluster) => done.push({ bind: cluster }),
    read: async (cluster, attributes) => (done.push({ read: cluster, attributes }), {}),
    write: async (cluster, attributes) => done.push({ write: cluster, attributes }),
    configureReporting: async () => {},
    supportsInputCluster: () => true, supportsOutputCluster: () => true,
    getClusterAttributeValue: () => undefined, getInputClusters: () => [], getOutputClusters: () => [],
    addCustomCluster() {}, saveClusterAttributeKeyValue() {}, hasBind: () => false, isBound: () => false,
  });
  const dev = anything({
    constructor: { name: "Device" }, ieeeAddr: `0x${(++number).toString(16).padStart(16, "0")}`, modelID: d.zigbeeModel?.[0] ?? d.fingerprint?.[0]?.modelID, manufacturerName: d.fingerprint?.[0]?.manufacturerName,
    type: "EndDevice", powerSource: "Battery", meta: {}, genBasic: {}, endpoints: [endpoint], customClusters: {}, getEndpoint: () => endpoint, save() {}, ...of,
  });
  endpoint.getDevice = () => dev;
  endpoint.deviceIeeeAddress = dev.ieeeAddr;
  return { dev, endpoint };
}

/** what a definition publishes when a device says this; lasts is when it takes it back by itself, in s */
export async function says(d, cluster, types, data, of) {
  const { dev, endpoint } = device(d, [], of);
  const out = {};
  let lasts;
  const real = globalThis.setTimeout;
  globalThis.setTimeout = (_, ms) => ((lasts = ms / 1000), { unref: () => ({}), ref: () => ({}) });
  try {
    for (const c of d.fromZigbee) {
      const type = [c.type].flat().find((t) => types.includes(t));
      if (c.cluster !== cluster || !type) continue;
      const meta = { device: dev, state: {}, deviceExposesChanged() {}, logger: {}, mapped: d, options: {} };
      const msg = { type, cluster, data, endpoint, device: dev, linkquality: 100, groupID: 0, meta: { zclTransactionSequenceNumber: ++number % 256, frameControl: {} } };
      try {
        Object.assign(out, await c.convert(d, msg, (p) => Object.assign(out, p), {}, meta));
      } catch {
        // it does not understand that
      }
    }
  } finally {
    globalThis.setTimeout = real;
  }
  return { out, lasts };
}

const pointTypes = ["commandDataReport", "commandDataResponse", "commandActiveStatusReport", "commandActiveStatusReportAlt"];

/** … by a data point of Tuya */
export const saysPoint = (d, dp, datatype, data, of) => says(d, "manuSpecificTuya", pointTypes, { seq: 1, dpValues: [{ dp, datatype, data }] }, of);

/** … by the status of its IAS zone */
export const saysZone = (d, status, of) =>
  says(d, "ssIasZone", ["commandStatusChangeNotification", "attributeReport", "readResponse"], { zonestatus: status, zoneStatus: status, extendedstatus: 0 }, of);

/** the data points that a definition sends when a property is set */
export async function sets(d, key, value, of) {
  const done = [];
  const { dev, endpoint } = device(d, done, of);
  const c = d.toZigbee.find((t) => !t.key || t.key.includes(key));
  if (!c?.convertSet) return [];
  const meta = { device: dev, mapped: d, message: { [key]: value }, state: {}, options: {}, publish() {}, endpoint_name: undefined };
  try {
    await c.convertSet(endpoint, key, value, meta);
  } catch {
    return [];
  }
  return done.flatMap((x) => x.payload?.dpValues?.map((p) => ({ send: x.command === "sendData", ...p })) ?? []);
}

/** what a definition asks and tells a device when it joins */
export async function configures(d) {
  const done = [];
  const { dev, endpoint } = device(d, done);
  try {
    await d.configure?.(dev, endpoint, d);
  } catch {
    // as far as it came
  }
  return done;
}

const flat = (list) => list.flatMap((e) => [e, ...(e.features ? flat(e.features) : [])]);

/** what a definition exposes */
export function exposes(d) {
  const list = typeof d.exposes === "function" ? d.exposes({ isDummyDevice: true }, {}) : d.exposes;
  return flat(list);
}
