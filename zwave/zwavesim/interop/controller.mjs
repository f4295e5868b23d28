// A Z-Wave stick that is not ours, with nodes behind it, on a TCP port of
// loopback: it says what its nodes are told as JSON lines, and JSON lines make
// things happen to them.
//
//   node controller.mjs [7=lights …]: more nodes than 2 to 5
//
// Out: {"event":"listening","port":40123} · {"event":"connected"} ·
//      {"event":"command","node":3,"class":37,"command":"BinarySwitchCCSet","value":true} ·
//      {"event":"blame","why":"…"}: the host did what it may not ·
//      {"event":"done","id":1} · {"event":"failed","id":1,"why":"…"}
// In:  {"id":1,"notify":{"node":2,"type":6,"event":22}} · {"id":2,"binary":{"node":2,"type":10,"value":true}} ·
//      {"id":3,"switch":{"node":3,"value":true}} · {"id":4,"joins":6} · {"id":5,"drop":true}
//
// zwave-js's own mock server is not used: it announces itself on the network,
// listens everywhere, and takes a TCP segment for a frame.

import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { BinarySensorCCReport } from "@zwave-js/cc/BinarySensorCC";
import { BinarySwitchCCReport } from "@zwave-js/cc/BinarySwitchCC";
import { NotificationCCReport } from "@zwave-js/cc/NotificationCC";
import { ZWaveSerialFrameType } from "@zwave-js/serial";
import { createAndOpenMockedZWaveSerialPort } from "@zwave-js/serial/mock";
import { MockController, MockNode, createMockZWaveRequestFrame, getDefaultSupportedFunctionTypes } from "@zwave-js/testing";
import { createDefaultMockControllerBehaviors, createDefaultMockNodeBehaviors } from "zwave-js/Testing";

const say = (o) => process.stdout.write(JSON.stringify(o) + "\n");
const blame = (e) => say({ event: "blame", why: String(e?.message ?? e) });
const trace = (way, bytes) => {
	if (process.env.ZWAVE_LOG === "1") console.error(way, Buffer.from(bytes).toString("hex"));
};
process.on("unhandledRejection", blame);
process.on("uncaughtException", blame);

const plus = { ccId: 0x5e, version: 2 };
const common = [plus, { ccId: 0x86, version: 2 }, { ccId: 0x72, version: 1 }];
const sensor = { genericDeviceClass: 0x07, specificDeviceClass: 0x01 };
const siren = { genericDeviceClass: 0x10, specificDeviceClass: 0x05 };
const plug = { genericDeviceClass: 0x10, specificDeviceClass: 0x01 };
const kinds = {
	contact: {
		...sensor,
		commandClasses: [...common, { ccId: 0x71, version: 8, notificationTypesAndEvents: { 6: [22, 23] } }],
	},
	siren: {
		...siren,
		commandClasses: [...common, { ccId: 0x25, version: 2 }, { ccId: 0x6c, version: 1 }],
	},
	motion: {
		...sensor,
		commandClasses: [...common, { ccId: 0x71, version: 8, notificationTypesAndEvents: { 7: [8] } }],
	},
	sound: {
		...siren,
		commandClasses: [...common,
			{ ccId: 0x79, version: 1, defaultToneId: 1, defaultVolume: 100, tones: [{ name: "Siren", duration: 240 }] },
			{ ccId: 0x6c, version: 1 }],
	},
	plug: { ...plug, commandClasses: [...common, { ccId: 0x25, version: 2 }] },
	// The mock has no Entry Control and would fail a supervised Indicator Set, so
	// this is only the lights of a keypad.
	lights: {
		genericDeviceClass: 0x40,
		specificDeviceClass: 0x0b,
		commandClasses: [...common,
			{ ccId: 0x87, version: 3, indicators: { 0x0b: { properties: [1, 2] }, 0x12: { properties: [1, 6, 7, 9] } } }],
	},
};

const { serial, port: mockPort } = await createAndOpenMockedZWaveSerialPort();
const controller = await MockController.create({
	homeId: 0x7e570001,
	ownNodeId: 1,
	mockPort,
	serial,
	capabilities: { supportedFunctionTypes: [...getDefaultSupportedFunctionTypes(), 0x08, 0x0a, 0x56] },
});
controller.defineBehavior(...createDefaultMockControllerBehaviors());

// A real stick takes "stop" at any time; the mock takes it for "start" when
// nothing is open, and is then stuck.
const STOP = 0x05;
let open;
controller.defineBehavior({
	onHostMessage(_, msg) {
		const mode = msg.addNodeType ?? msg.removeNodeType;
		if (mode === undefined) return false;
		if (mode !== STOP) {
			open = msg.functionType;
			return false;
		}
		const was = open;
		if (msg.functionType === was) open = undefined;
		return msg.functionType !== was && !msg.callbackId;
	},
});

const told = {
	handleCC(_, self, cc) {
		const name = cc.constructor.name;
		if (/Get$/.test(name)) return undefined;
		const value = cc.targetValue ?? cc.toneId ?? cc.values?.map((o) => [o.indicatorId, o.propertyId, Number(o.value)]) ?? null;
		say({ event: "command", node: self.id, class: cc.ccId, command: name, value });
		return undefined; // the default behaviours go on
	},
};
const dress = (node) => {
	node.defineBehavior(...createDefaultMockNodeBehaviors());
	node.defineBehavior(told);
};
const add = async (id, kind) => {
	const node = await MockNode.create({ id, controller, capabilities: kinds[kind] });
	controller.addNode(node);
	dress(node);
};
for (const [id, kind] of [[2, "contact"], [3, "siren"], [4, "motion"], [5, "sound"]]) await add(id, kind);
for (const more of process.argv.slice(2)) await add(Number(more.split("=")[0]), more.split("=")[1]);

// From the mock to the socket, one frame at a time.
let socket;
void (async () => {
	for await (const frame of serial.readable) {
		if (frame.type !== ZWaveSerialFrameType.SerialAPI) continue;
		const bytes = typeof frame.data === "number" ? Uint8Array.of(frame.data) : frame.data;
		trace("to host", bytes);
		socket?.write(bytes);
	}
})();

// From the socket to the mock, which wants whole frames.
const frames = (deliver) => {
	let buf = Buffer.alloc(0);
	return (chunk) => {
		buf = Buffer.concat([buf, chunk]);
		for (;;) {
			const n = buf.length === 0 ? 0 : buf[0] !== 0x01 ? 1 : buf.length < 2 ? 0 : buf[1] + 2;
			if (n === 0 || buf.length < n) return;
			deliver(new Uint8Array(buf.subarray(0, n)));
			buf = buf.subarray(n);
		}
	};
};
const server = createServer((s) => {
	socket?.destroy();
	socket = s;
	say({ event: "connected" });
	s.setNoDelay(true);
	s.on("data", frames((frame) => {
		trace("from host", frame);
		serial.writeAsync(frame).catch(blame);
	}));
	s.on("error", () => {});
	s.on("close", () => {
		if (socket === s) socket = undefined;
	});
});
server.listen(0, "127.0.0.1", () => say({ event: "listening", port: server.address().port }));

const send = (id, cc) =>
	controller.nodes.get(id).sendToController(createMockZWaveRequestFrame(cc, { ackRequested: true }));

const carryOut = async (cmd) => {
	const nodeId = controller.ownNodeId;
	if (cmd.notify) {
		const { node, type, event } = cmd.notify;
		await send(node, new NotificationCCReport({ nodeId, notificationType: type, notificationEvent: event }));
	} else if (cmd.binary) {
		const { node, type, value } = cmd.binary;
		await send(node, new BinarySensorCCReport({ nodeId, type, value }));
	} else if (cmd.switch) {
		const { node, value } = cmd.switch;
		await send(node, new BinarySwitchCCReport({ nodeId, currentValue: value, targetValue: value }));
	} else if (cmd.joins) {
		controller.nodePendingInclusion = {
			id: cmd.joins,
			capabilities: kinds.plug,
			setup: (node) => node.defineBehavior(told),
		};
	} else if (cmd.drop) {
		socket?.destroy();
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
