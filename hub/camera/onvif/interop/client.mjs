// npm onvif as whoever uses a camera: it reads all that the hub reads too, turns it to
// its first preset and tells what the camera notices, until its input ends. Each thing
// is a JSON line.
import onvif from "onvif";

const [port, username, password] = process.argv.slice(2);
const say = (what, value) => process.stdout.write(`${JSON.stringify({ what, value })}\n`);
const camera = new onvif.Cam({ hostname: "127.0.0.1", port: Number(port), username, password, timeout: 5000, autoconnect: false });
const ask = (operation, ...args) =>
  new Promise((done, refuse) => {
    camera[operation](...args, (error, value) => (error ? refuse(error) : done(value)));
  });

/** What a notification says: its topic, and the one value in its data. */
const told = ({ topic, message }) => `${topic._} ${message.message.data.simpleItem.$.Value}`;

process.stdin.resume().on("end", () => process.exit(0));
try {
  await ask("connect");
  const { manufacturer, model } = await ask("getDeviceInformation");
  say("device", `${manufacturer} ${model}`);
  say("clock", new Date(await ask("getSystemDateAndTime")).toISOString());
  say("profiles", camera.profiles.map((p) => p.$.token).join(" "));
  say("stream", (await ask("getStreamUri", { protocol: "RTSP" })).uri);
  say("picture", (await ask("getSnapshotUri", {})).uri);
  const presets = await ask("getPresets", {});
  say("presets", Object.keys(presets).join(" "));
  await ask("gotoPreset", { preset: Object.values(presets)[0].$.token });
  say("turned", "");
  await ask("createPullPointSubscription");
  say("subscribed", "");
  for (;;) {
    const { notificationMessage: list } = await ask("pullMessages", { timeout: 1000, messageLimit: 10 });
    for (const one of [list ?? []].flat()) say("noticed", told(one));
  }
} catch (error) {
  say("failed", error.message);
}
