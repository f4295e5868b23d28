// A Z-Wave driver that is not ours, on whatever stick it is given: it says what
// it sees as JSON lines and does what JSON lines tell it.
//
//   node driver.mjs tcp://host:port|/dev/… <scratch folder>
//
// Out: {"event":"ready","nodes":[…]} · {"event":"interviewed","node":2} ·
//      {"event":"value","node":2,"class":113,"property":"…","value":…} ·
//      {"event":"notification","node":2,"type":6,"event_code":22} ·
//      {"event":"entry","node":5,"data":{…}} · {"event":"joined","node":7} ·
//      {"event":"done","id":1} · {"event":"failed","id":1,"why":"…"}
// In:  {"id":1,"set":{"node":3,"class":37,"property":"targetValue","value":true}} ·
//      {"id":2,"ping":3} · {"id":3,"include":true} · {"id":4,"quit":true} ·
//      {"id":5,"light":{"node":5,"objects":[[11,1,99]]}} · {"id":6,"count":{"node":5,"indicator":18,"minutes":1,"seconds":15}}

import { createInterface } from "node:readline";
import { Driver } from "zwave-js";

const [port, scratch] = process.argv.slice(2);
const say = (o) => process.stdout.write(JSON.stringify(o) + "\n");

const driver = new Driver(port, {
	logConfig: { enabled: process.env.ZWAVE_LOG === "1", level: "debug", forceConsole: true },
	storage: { cacheDir: `${scratch}/cache`, lockDir: `${scratch}/lock` },
	enableSoftReset: true,
	attempts: { openSerialPort: 1 },
	testingHooks: { skipFirmwareIdentification: true },
});

const watch = (node) => {
	node.on("interview completed", () => say({ event: "interviewed", node: node.id }));
	node.on("interview failed", (_, e) => say({ event: "interview failed", node: node.id, why: e.errorMessage }));
	node.on("value updated", (_, a) => value(node, a));
	node.on("value added", (_, a) => value(node, a));
	node.on("notification", (endpoint, cc, data) => {
		if (cc === 0x71) {
			say({ event: "notification", node: node.id, type: data.type, event_code: data.event });
		} else if (cc === 0x6f) {
			say({ event: "entry", node: node.id, data: { type: data.eventType, digits: data.eventData } });
		}
	});
};
const value = (node, a) =>
	say({ event: "value", node: node.id, class: a.commandClass, property: String(a.property), key: String(a.propertyKey ?? ""), value: a.newValue });

driver.on("error", (e) => say({ event: "error", why: e.message }));
driver.once("driver ready", () => {
	driver.controller.on("node added", (node) => {
		watch(node);
		say({ event: "joined", node: node.id });
	});
	for (const node of driver.controller.nodes.values()) watch(node);
	say({ event: "ready", nodes: [...driver.controller.nodes.keys()] });
});

const carryOut = async (cmd) => {
	if (cmd.set) {
		const { node, class: commandClass, property, value } = cmd.set;
		const result = await driver.controller.nodes.get(node).setValue({ commandClass, property }, value);
		if (![0xff, 0xfe, 0x01].includes(result.status)) throw new Error(`status ${result.status} ${result.message ?? ""}`);
	} else if (cmd.light) {
		const { node, objects } = cmd.light;
		await driver.controller.nodes.get(node).commandClasses.Indicator.set(
			objects.map(([indicatorId, propertyId, value]) => ({ indicatorId, propertyId, value })),
		);
	} else if (cmd.count) {
		const { node, indicator, minutes, seconds } = cmd.count;
		await driver.controller.nodes.get(node).commandClasses.Indicator.setTimeout(indicator, { minutes, seconds });
	} else if (cmd.ping) {
		if (!(await driver.controller.nodes.get(cmd.ping).ping())) throw new Error("no answer");
	} else if (cmd.include) {
		if (!(await driver.controller.beginInclusion({ strategy: 2 }))) throw new Error("refused"); // 2: in clear
	} else if (cmd.quit) {
		await driver.destroy();
		process.exit(0);
	}
};
createInterface({ input: process.stdin }).on("line", async (line) => {
	const cmd = JSON.parse(line);
	try {
		await carryOut(cmd);
		say({ event: "done", id: cmd.id });
	} catch (e) {
		say({ event: "failed", id: cmd.id, why: String(e.message ?? e) });
	}
});
process.stdin.on("end", () => process.exit(0));

await driver.start();
