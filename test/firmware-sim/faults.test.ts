import test from "ava";
import { misread } from "../../firmware-sim/faults/baud.ts";
import { type DeviceControls, type Fault, noControls, parseFault } from "../../firmware-sim/faults/index.ts";
import type { Line } from "../../firmware-sim/lines/index.ts";
import { openLine } from "../../firmware-sim/lines/index.ts";
import { eventually } from "../devices/transports/port.ts";

const frame = Buffer.from("S S     12.345 kg\r\n");

function fault(text: string, seed = 1): Fault {
  const parsed = parseFault(text, seed);
  if (typeof parsed === "string") throw new Error(parsed);
  return parsed;
}

/** A device on a line made worse: what reaches the host, what the device hears, what was done to it. */
async function worsened(faults: readonly string[], seed = 1) {
  const chunks: string[] = [];
  const heard: string[] = [];
  const done: string[] = [];
  let say = (_bytes: Uint8Array) => {};
  let plugged = true;
  const wire: Line = {
    write: (bytes) => {
      if (plugged) chunks.push(Buffer.from(bytes).toString("latin1"));
      return plugged;
    },
    linked: () => plugged,
    unplug: () => {
      plugged = false;
      done.push("unplug");
    },
    plug: async (elsewhere) => {
      plugged = true;
      done.push(elsewhere ? "plug elsewhere" : "plug");
    },
    close: async () => {},
  };
  const device: DeviceControls = {
    ...noControls,
    pressUnitKey: () => done.push("unit"),
    breakSensor: (broken) => done.push(broken ? "broken" : "whole"),
    hold: (held) => done.push(held ? "held" : "free"),
    restart: (offMs, zeroes) => done.push(`off ${offMs}${zeroes ? ", zeroed" : ""}`),
    setClockBack: (ms) => done.push(`back ${ms}`),
  };
  const line = await openLine(
    {
      kind: "given",
      open: (events) => {
        say = events.received;
        return wire;
      },
    },
    faults.map((text) => fault(text, seed)),
    { received: (bytes) => heard.push(Buffer.from(bytes).toString("latin1")), linked: () => {} },
    device,
  );
  return { line, chunks, heard, done, say: (text: string) => say(Buffer.from(text, "latin1")) };
}

/** What 50 writes of one frame become. */
async function fifty(text: string, seed = 1): Promise<{ readonly sent: readonly string[]; readonly whole: number }> {
  const { line, chunks } = await worsened([text], seed);
  let whole = 0;
  for (let write = 0; write < 50; write++) if (line.write(frame)) whole += 1;
  return { sent: chunks, whole };
}

function bitsApart(a: string, b: string): number {
  let apart = 0;
  for (let index = 0; index < a.length; index++)
    for (let rest = a.charCodeAt(index) ^ b.charCodeAt(index); rest > 0; rest >>= 1) apart += rest & 1;
  return apart;
}

test("F1, F9: what a fault does by chance is the same for the same seed and another for another", async (t) => {
  for (const text of ["flip=0.5", "noise=0.5", "parity=0.1", "duplicate=0.5"]) {
    const first = await fifty(text);
    t.deepEqual(await fifty(text), first, text);
    t.notDeepEqual((await fifty(text, 2)).sent, first.sent, text);
  }
});

test("F8, F9: flip turns one bit, parity turns only bit 7, and a damaged write does not count as said", async (t) => {
  const good = frame.toString("latin1");
  const flipped = await fifty("flip=0.5");
  t.is(flipped.whole, flipped.sent.filter((chunk) => chunk === good).length);
  t.deepEqual(new Set(flipped.sent.map((chunk) => bitsApart(chunk, good))), new Set([0, 1]));
  const odd = await fifty("parity=0.2");
  t.is(odd.whole, odd.sent.filter((chunk) => chunk === good).length);
  t.true(odd.sent.some((chunk) => chunk !== good));
  for (const chunk of odd.sent)
    t.is(
      chunk.replace(/[\x80-\xff]/g, (byte) => String.fromCharCode(byte.charCodeAt(0) & 0x7f)),
      good,
    );
});

test("F9: duplicate says things twice, never a half", async (t) => {
  const { sent } = await fifty("duplicate=0.5");
  t.true(sent.length > 55 && sent.length < 100);
  t.deepEqual(new Set(sent), new Set([frame.toString("latin1")]));
});

test("F9: split, merge and slow keep every byte in order", async (t) => {
  for (const [text, chunks] of [
    ["split=3", 35],
    ["merge=5", 1],
    ["slow=2", 5],
  ] as const) {
    const { line, chunks: got } = await worsened([text]);
    const said = Array.from({ length: 5 }, (_, index) => `S S      ${index}.000 kg\r\n`);
    for (const one of said) line.write(Buffer.from(one));
    await eventually(() => got.join("").length === said.join("").length, `${text} lets everything through`);
    t.is(got.join(""), said.join(""), text);
    t.is(got.length, chunks, text);
    await line.close();
  }
});

test("F9: faults stack: what is merged is split again", async (t) => {
  const { line, chunks } = await worsened(["split=19", "merge=5"]);
  line.write(frame);
  line.write(frame);
  await eventually(() => chunks.length === 2, "two pieces of one chunk");
  t.deepEqual(chunks, [frame.toString("latin1"), frame.toString("latin1")]);
  await line.close();
});

test("F9: at the wrong baud rate both sides read garbage, at the right one each other", async (t) => {
  t.deepEqual(misread(frame, 9600, 9600), new Uint8Array(frame));
  t.deepEqual(misread(new Uint8Array(0), 9600, 1200), new Uint8Array(0));
  for (const [from, to] of [
    [9600, 4800],
    [9600, 19_200],
    [2400, 9600],
    [9600, 1200],
  ] as const) {
    const read = misread(frame, from, to);
    t.notDeepEqual(read, new Uint8Array(frame), `${from} read at ${to}`);
    t.true(read.length > 0);
  }
  // An upper-case U is a square wave: ten bits of it at 9600 are five of 4800, which read as the same square wave.
  t.true(misread(Buffer.from("UUUU"), 9600, 4800).length < 4);
  const { line, chunks, heard, say } = await worsened(["baud=9600/4800"]);
  t.false(line.write(frame));
  say("SI\r\n");
  t.not(chunks.join(""), frame.toString("latin1"));
  t.not(heard.join(""), "SI\r\n");
});

test("F9: power fails in the middle of a frame", async (t) => {
  const { line, chunks, done } = await worsened(["reboot=0.02/0.5"]);
  t.true(line.write(frame));
  await eventually(() => !line.write(frame), "power fails");
  t.is(chunks.at(-1), frame.subarray(0, 9).toString("latin1"));
  t.deepEqual(done, ["off 500"]);
  t.true(line.write(frame));
  await line.close();
});

test("F9: what goes wrong inside comes and goes, and stops with the line", async (t) => {
  for (const [text, begin, end] of [
    ["stuck=0.01/0.01", "held", "free"],
    ["gap=0.01/0.01", "broken", "whole"],
    ["unit=0.01/0.01", "unit", "unit"],
    ["unplug=0.01/0.01", "unplug", "plug"],
    ["rename=0.01/0.01", "unplug", "plug elsewhere"],
    ["clock=0.01/3600", "back 3600000", "back 3600000"],
  ] as const) {
    const { line, done } = await worsened([text]);
    await eventually(() => done.length >= 4, text);
    await line.close();
    const { length } = done;
    t.deepEqual(done.slice(0, 4), [begin, end, begin, end], text);
    await new Promise((resolve) => {
      setTimeout(resolve, 40);
    });
    t.is(done.length, length, `${text} after close`);
  }
});

test("F9: a flood brings so many bytes, and what the device says beside it arrives", async (t) => {
  const { line, chunks } = await worsened(["flood=0.01/10000"]);
  await eventually(() => chunks.length >= 3, "the flood");
  t.is(chunks.slice(0, 3).join("").length, 10_000);
  t.true(line.write(frame));
  await line.close();
});
