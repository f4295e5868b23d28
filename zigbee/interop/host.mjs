// zigbee-herdsman as a host: it drives the stick at the address that it is given,
// does what it is told on standard input, a word a line, and says what happens on
// standard output, a JSON line for each thing.
import { createInterface } from "node:readline";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import herdsman from "zigbee-herdsman";

const [path, key, adapter] = process.argv.slice(2);
const { Zdo } = herdsman;
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
  transport: { path, adapter },
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

/** How much is heard on a channel: as a router is asked, or by a scan of the stick's own. */
const energy = {
  zstack: async (channel) => {
    const [status, heard] = await controller.adapter.sendZdo(
      "0x0000000000000000", 0, Zdo.ClusterId.NWK_UPDATE_REQUEST,
      Zdo.Buffalo.buildRequest(false, Zdo.ClusterId.NWK_UPDATE_REQUEST, [channel], 2, 1, undefined, undefined), false,
    );
    return { status, channel, energy: heard.entryList[0] };
  },
  ember: async (channel) => {
    const { ezsp } = controller.adapter;
    const heard = new Promise((resolve) => {
      let level;
      ezsp.ezspEnergyScanResultHandler = (at, dbm) => (level = { channel: at, energy: dbm });
      ezsp.ezspScanCompleteHandler = (_, status) => resolve({ status, ...level });
    });
    await ezsp.ezspStartScan(0, 1 << channel, 2);
    return await heard;
  },
};

const does = {
  start: async () => ({ result: await controller.start() }),
  permit: () => controller.permitJoin(120),
  near: (ieee) => controller.permitJoin(120, controller.getDeviceByIeeeAddr(ieee)),
  code: (text) => controller.addInstallCode(text),
  energy: async (channel) => ({ data: await energy[adapter](Number(channel)) }),
  channel: async (channel) => {
    const { channel: before, nwkUpdateID } = await controller.getNetworkParameters();
    await controller.changeChannel(before, Number(channel), nwkUpdateID);
    return { data: await controller.getNetworkParameters() };
  },
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
