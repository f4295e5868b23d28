// hap-controller as an Apple device: it pairs with the bridge at the port that it is
// given, does what it is told on standard input, a line at a time, and says what
// happens on standard output, a JSON line for each thing.
import { createInterface } from "node:readline";
// Not the package's front door, which also loads Bluetooth.
import http from "hap-controller/lib/transport/ip/http-client.js";

const HttpClient = http.default;
const [id, first] = process.argv.slice(2);
const say = (what, more = {}) => process.stdout.write(`${JSON.stringify({ what, ...more })}\n`);

/** Each phone by its name, with what it remembers. */
const phones = new Map();
const phone = (name, data, port = first) => {
  const client = new HttpClient(id, "127.0.0.1", Number(port), data, { usePersistentConnections: true });
  client.on("event", (event) => say("event", { phone: name, text: JSON.stringify(event.characteristics) }));
  client.on("event-disconnect", () => say("disconnected", { phone: name }));
  phones.set(name, client);
  return client;
};
const values = (text) => JSON.parse(text);

const does = {
  pair: async (name, pin, method, port) => {
    const client = phone(name, undefined, port);
    await client.pairSetup(pin, Number(method ?? 0));
    return { text: Buffer.from(client.getLongTermData().iOSDevicePairingID, "hex").toString() };
  },
  // Comes back with what it remembers, on new connections, where the bridge is now: an
  // Apple device hears that announced.
  again: async (name, port) => {
    const data = phones.get(name).getLongTermData();
    phones.get(name).closePersistentConnection();
    phone(name, data, port);
  },
  accessories: async (name) => ({ text: JSON.stringify(await phones.get(name).getAccessories()) }),
  read: async (name, id) => ({ text: JSON.stringify((await phones.get(name).getCharacteristics([id], { meta: true, perms: true, type: true, ev: true })).characteristics[0]) }),
  write: async (name, text) => ({ text: JSON.stringify(await phones.get(name).setCharacteristics(values(text))) }),
  subscribe: async (name, ...ids) => {
    await phones.get(name).subscribeCharacteristics(ids);
  },
  list: async (name) => {
    const tlv = await phones.get(name).listPairings();
    return { text: String(tlv.get(1)) };
  },
  remove: async (name, who) => {
    await phones.get(name).removePairing(Buffer.from(who));
  },
};
for await (const line of createInterface({ input: process.stdin })) {
  const [word, ...rest] = line.split(" ");
  try {
    say(`did ${word}`, (await does[word](...rest)) ?? {});
  } catch (e) {
    say(`did ${word}`, { error: `${e.message}${e.errorCode ? ` (${e.errorCode})` : ""}${e.body ? ` ${JSON.stringify(e.body)}` : ""}` });
  }
}
process.exit(0); // its sockets keep it awake
