// zigbee-herdsman as a host: it drives the stick at the address that it is given,
// does what it is told on standard input, a word a line, and says what happens on
// standard output, a JSON line for each thing.
import { createInterface } from "node:readline";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import herdsman from "zigbee-herdsman";

const [path, key] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "gatehouse-herdsman-"));
const say = (what, more = {}) => process.stdout.write(`${JSON.stringify({ what, ...more })}\n`);
herdsman.setLogger?.({ debug: () => {}, info: () => {}, warning: () => {}, error: (m) => console.error(typeof m === "function" ? m() : m) });

const controller = new herdsman.Controller({
  network: {
    panID: 0x4711,
    extendedPanID: [1, 2, 3, 4, 5, 6, 7, 8],
    channelList: [20],
    networkKey: [...Buffer.from(key, "hex")],
    networkKeyDistribute: false,
  },
  transport: { path, adapter: "zstack" },
  databasePath: join(folder, "database.db"),
  databaseBackupPath: join(folder, "database.backup.db"),
  backupPath: join(folder, "coordinator.json"),
  adapter: { disableLED: false, concurrent: 4 },
  acceptJoiningDeviceHandler: async () => true,
});
controller.on("deviceInterview", ({ status, device }) => {
  if (status !== "started") {
    say(`interview ${status}`, { ieee: device.ieeeAddr, model: device.modelID, type: device.type, short: device.networkAddress });
  }
});
controller.on("message", ({ type, device, data, cluster }) => say(type, { ieee: device.ieeeAddr, cluster, data }));
controller.on("deviceLeave", ({ ieeeAddr }) => say("left", { ieee: ieeeAddr }));
controller.on("adapterDisconnected", () => say("disconnected"));

const does = {
  start: async () => ({ result: await controller.start() }),
  permit: () => controller.permitJoin(120),
  close: () => controller.permitJoin(0),
  on: (ieee) => controller.getDeviceByIeeeAddr(ieee).getEndpoint(1).command("genOnOff", "on", {}),
  warn: (ieee) =>
    controller.getDeviceByIeeeAddr(ieee).getEndpoint(1).command("ssIasWd", "startWarning", { startwarninginfo: 0x17, warningduration: 60, strobedutycycle: 50, strobelevel: 1 }),
  remove: (ieee) => controller.getDeviceByIeeeAddr(ieee).removeFromNetwork(),
  stop: () => controller.stop(),
};
for await (const line of createInterface({ input: process.stdin })) {
  const [word, ...rest] = line.split(" ");
  try {
    say(`did ${word}`, (await does[word](...rest)) ?? {});
  } catch (e) {
    say(`failed ${word}`, { error: `${e.stack}` });
  }
}
rmSync(folder, { recursive: true });
