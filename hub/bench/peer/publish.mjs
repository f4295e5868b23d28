// zwave-js on a stick, each value published to an MQTT broker: the least that
// a program around zwave-js does.
//
//   node publish.mjs <folder with zwave-js> <port> <scratch folder> <host:port of the broker>
//
// On stdout: {"event":"ready"}, then {"event":"interviewed"} for each node.

import { createRequire } from "node:module";
import { createConnection } from "node:net";
import { pathToFileURL } from "node:url";

const [modules, port, scratch, broker] = process.argv.slice(2);
const { Driver } = await import(pathToFileURL(createRequire(`${modules}/package.json`).resolve("zwave-js")));
const say = (o) => process.stdout.write(JSON.stringify(o) + "\n");

// MQTT 3.1.1, QoS 0: enough to publish, and less work than QoS 1 is.
const text = (s) => {
	const b = Buffer.from(s);
	return Buffer.concat([Buffer.from([b.length >> 8, b.length & 0xff]), b]);
};
const packet = (first, body) => {
	const head = [first];
	let n = body.length;
	do {
		head.push((n % 128) | (n > 127 ? 0x80 : 0));
		n = Math.floor(n / 128);
	} while (n > 0);
	return Buffer.concat([Buffer.from(head), body]);
};
const [host, number] = broker.split(":");
const socket = createConnection({ host, port: Number(number), noDelay: true });
socket.write(packet(0x10, Buffer.concat([text("MQTT"), Buffer.from([4, 2, 0, 0]), text("zwave-js")])));
socket.on("error", (e) => { throw e; });
const publish = (topic, value) =>
	socket.write(packet(0x31, Buffer.concat([text(topic), Buffer.from(JSON.stringify(value))])));

const driver = new Driver(port, {
	logConfig: { enabled: false },
	storage: { cacheDir: scratch, lockDir: scratch },
	enableSoftReset: true,
	testingHooks: { skipFirmwareIdentification: true },
});
const value = (node, a) =>
	publish(["zwave", node.id, a.commandClass, a.property, a.propertyKey ?? ""].join("/"), { time: Date.now(), value: a.newValue });
const watch = (node) => {
	node.on("interview completed", () => say({ event: "interviewed" }));
	node.on("value added", (_, a) => value(node, a));
	node.on("value updated", (_, a) => value(node, a));
};
driver.on("error", (e) => say({ event: "error", err: e.message }));
driver.once("driver ready", () => {
	for (const node of driver.controller.nodes.values()) {
		if (!node.isControllerNode) watch(node);
	}
	say({ event: "ready" });
});
await driver.start();
