// zigbee-herdsman moves house: it starts at the stick, with the network and the
// backup's file that it is given as JSON, and does what it is told on standard
// input, a word a line. What happens goes to standard output, a JSON line each.
import { createInterface } from "node:readline";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import herdsman from "zigbee-herdsman";

const { path, adapter, panID, extendedPanID, channel, key, backupPath } = JSON.parse(process.argv[2]);
const folder = mkdtempSync(join(tmpdir(), "gatehouse-herdsman-"));
const say = (what, more = {}) => process.stdout.write(`${JSON.stringify({ what, ...more })}\n`);
herdsman.setLogger?.({ debug: () => {}, info: () => {}, warning: () => {}, error: (m) => console.error(typeof m === "function" ? m() : m) });

const controller = new herdsman.Controller({
  network: { panID, extendedPanID: [...Buffer.from(extendedPanID, "hex")], channelList: [channel], networkKey: [...Buffer.from(key, "hex")], networkKeyDistribute: false },
  transport: { path, adapter },
  databasePath: join(folder, "database.db"),
  databaseBackupPath: join(folder, "database.backup.db"),
  backupPath,
  adapter: { disableLED: false, concurrent: 4 },
  acceptJoiningDeviceHandler: async () => true,
});
controller.on("deviceInterview", ({ status, device }) => {
  if (status !== "started") {
    say(`interview ${status}`, { ieee: device.ieeeAddr, model: device.modelID, type: device.type, short: device.networkAddress });
  }
});

const does = {
  start: async () => ({ result: await controller.start() }),
  permit: () => controller.permitJoin(120),
  close: () => controller.permitJoin(0),
  backup: () => controller.backup(),
  stop: () => controller.stop(),
};
for await (const line of createInterface({ input: process.stdin })) {
  const [word] = line.trim().split(" ");
  try {
    say(`did ${word}`, (await does[word]()) ?? {});
  } catch (e) {
    say(`failed ${word}`, { error: `${e.stack}` });
  }
}
rmSync(folder, { recursive: true });
