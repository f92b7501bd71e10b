import { connect } from "node:net";
import test from "ava";
import { startDimensioner, startScale } from "tallystick/firmware-sim";
import { eventually, freePort } from "../devices/transports/port.ts";

/** A program that is not ours: what it gets from a port. */
function listening(port: number, ask: string) {
  const heard: string[] = [];
  const socket = connect(port, "127.0.0.1", () => socket.write(ask));
  socket.on("data", (bytes) => heard.push(bytes.toString("latin1")));
  return { text: () => heard.join(""), close: () => socket.destroy() };
}

test("F18: the package gives other programs a scale to test with", async (t) => {
  const port = await freePort();
  const scale = await startScale({
    line: { kind: "tcp", port },
    protocol: "mt-sics",
    serial: "B7",
    faults: ["split=2"],
  });
  scale.load(1_500);
  const host = listening(port, "I4\r\nS\r\n");
  await eventually(() => host.text().endsWith("kg\r\n"), "an answer");
  t.is(host.text(), 'I4 A "B7"\r\nS S      1.500 kg\r\n');
  host.close();
  await scale.close();
});

test("F18: the package gives other programs a dimensioner to test with", async (t) => {
  const port = await freePort();
  const dimensioner = await startDimensioner({ line: { kind: "tcp", port } });
  dimensioner.present({ item: "BOX1", mm: [300, 200, 100] });
  const host = listening(port, "");
  await eventually(() => host.text().endsWith("\x03"), "a telegram");
  t.is(host.text(), "\x020000;BOX1;000000000;g;1;0300;0200;0100;mm;0000;6000000\x03");
  host.close();
  await dimensioner.close();
});

test("F18: a protocol that no scale speaks, or a fault that is none, is told at once", async (t) => {
  const line = { kind: "tcp", port: 0 } as const;
  await t.throwsAsync(startScale({ line, protocol: "abacus" }), {
    message: /^no scale speaks "abacus": use .*mt-sics/,
  });
  await t.throwsAsync(startDimensioner({ line, protocol: "abacus" }), { message: /^no dimensioner speaks "abacus"/ });
  await t.throwsAsync(startScale({ line, faults: ["rust=1"] }), { message: /^fault "rust=1" is not known/ });
});
