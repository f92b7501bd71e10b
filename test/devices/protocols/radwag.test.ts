import test from "ava";
import { decodeFrame, protocols, type Session, type SessionInput } from "../../../devices/protocols/index.ts";
import { decodedLine, frame, latin1, mass, opened, slippedBytes, tick } from "./ascii.ts";

const decoded = (line: string) => decodedLine("radwag", line);
const said = (line: string, atMs: number) => frame(latin1(`${line}\r\n`), atMs);

test("RW1: the mass frames of the manual: stable and negative, immediate and moving, in the shown unit", (t) => {
  t.deepEqual(decoded("S    -      8.5 g  "), mass([-85, -1], "g", "stable", "unknown"));
  t.deepEqual(decoded("SI ?       18.5 kg "), mass([185, -1], "kg", "motion", "unknown"));
  t.deepEqual(decoded("SUI      172.85 lb "), mass([17_285, -2], "lb", "stable", "unknown"));
  t.deepEqual(decoded("SU ?       0.00 g  "), mass([0, -2], "g", "motion", "unknown"));
});

test("RW1-RW3: out of range, pieces, both phases of a command, refusals and errors are status", (t) => {
  const told = {
    "SI ^       18.5 kg ": "overload",
    "SI v -      0.5 kg ": "underload",
    "SI           12 pcs": "counting",
    "S A": "accepted",
    "Z A": "accepted",
    "Z D": "done",
    "T v": "underload",
    "Z ^": "overload",
    "S E": "stability-timeout",
    "SI I": "busy",
    ES: "syntax-error",
    'NB A "123456"': "information",
    "NB I": "busy",
  };
  for (const [line, status] of Object.entries(told)) t.deepEqual(decoded(line), { kind: "status", status }, line);
});

test("RW1, RW2: what is no reply is refused", (t) => {
  const lines = [
    "SI ?      18.5 kg ",
    "SI !       18.5 kg ",
    "SI ?    1  18.5 kg ",
    "SI ? +     18.5 kg ",
    "SIA?       18.5 kg ",
    "  ?       18.5 kg ",
    "Z X",
    "NB A 123456",
    "constructor",
    "",
  ];
  for (const line of lines) t.is(decoded(line).kind, "refused", line);
  t.deepEqual(decoded("SI         18.5 ct "), { kind: "refused", reason: 'unit "ct" is not known' });
});

test("L6: a lost or doubled byte is noticed", (t) => {
  for (const slipped of slippedBytes(latin1("SI ?       18.5 kg \r\n")))
    t.is(decodeFrame("radwag", slipped).kind, "refused");
});

/** Runs a session that expects a serial number. */
function talk(serial: string | null, inputs: readonly SessionInput[]): readonly string[] {
  const settings = { pollMs: 100, replyTimeoutMs: 500, settleMs: 50, serial };
  let session: Session | undefined = protocols.get("radwag")?.startSession?.(settings);
  return inputs.flatMap((input) => {
    const done = session?.step(input);
    session = done?.session;
    return (done?.effects ?? []).map((effect) =>
      effect.kind === "send" ? Buffer.from(effect.bytes).toString().trim() : effect.kind,
    );
  });
}

test("RW5: a session asks for the serial number, then for the weight, one command at a time", (t) => {
  const mass = "SI         18.5 kg ";
  const inputs = [opened, tick(50), said(mass, 55), said('NB A "7"', 60), tick(100), said(mass, 110), tick(160)];
  t.deepEqual(talk(null, inputs), ["NB", "identified", "SI", "admit", "SI"]);
  t.deepEqual(talk("7", inputs), ["NB", "identified", "SI", "admit", "SI"]);
  t.deepEqual(talk("8", inputs), ["NB", "wrongDevice"]);
});

test("RW5: a scale that has no number to give serves only where nobody asked for a certain one", (t) => {
  for (const answer of ["ES", "NB I"]) {
    t.deepEqual(talk(null, [opened, tick(50), said(answer, 60)]), ["NB", "SI"]);
    t.deepEqual(talk("7", [opened, tick(50), said(answer, 60), tick(550)]), ["NB", "NB"]);
  }
});
