import test from "ava";
import { protocols, type Session, type SessionInput } from "../../../devices/protocols/index.ts";

const opened: SessionInput = { kind: "opened", atMs: 0 };
const tick = (atMs: number): SessionInput => ({ kind: "tick", atMs });
const frame = (text: string, atMs: number): SessionInput => ({
  kind: "frame",
  frame: Buffer.from(text, "latin1"),
  atMs,
});

/** What a conversation sent, as text, and its other effects, in order. */
function talk(name: string, serial: string | null, inputs: readonly SessionInput[]): readonly string[] {
  let session: Session | undefined = protocols
    .get(name)
    ?.startSession?.({ pollMs: 100, replyTimeoutMs: 500, settleMs: 50, serial });
  const heard: string[] = [];
  for (const input of inputs) {
    const done = session?.step(input);
    session = done?.session;
    for (const effect of done?.effects ?? [])
      heard.push(effect.kind === "send" ? JSON.stringify(Buffer.from(effect.bytes).toString()) : effect.kind);
  }
  return heard;
}

const asked: Readonly<Record<string, { readonly command: string; readonly answer: string }>> = {
  "toledo-8217-kg": { command: "W", answer: "\x0201.234\r" },
  "toledo-8217-lb": { command: "W", answer: "\x02012.34\r" },
  nci: { command: "W\r", answer: "\n0012.34lb\r\n00\r\x03" },
  sma: { command: "\nW\r", answer: "\n 1G       5.025lb \r" },
};

for (const [name, { command, answer }] of Object.entries(asked)) {
  const sent = JSON.stringify(command);

  test(`L7: ${name} settles, then asks for the weight with one command in flight`, (t) => {
    const inputs = [opened, tick(20), tick(50), tick(60), frame(answer, 70), tick(120), tick(150), frame(answer, 160)];
    t.deepEqual(talk(name, null, inputs), [sent, "admit", sent, "admit"]);
  });

  test(`L7: ${name}: a lost answer is asked for again after the timeout, not before`, (t) => {
    t.deepEqual(talk(name, null, [opened, tick(50), tick(400), tick(549), tick(550)]), [sent, sent]);
  });

  test(`L7: ${name}: what comes before the first command does not count`, (t) => {
    t.deepEqual(talk(name, null, [frame(answer, 0), opened, frame(answer, 10)]), []);
  });

  test(`L9: ${name} never admits a scale whose serial number is asked for`, (t) => {
    t.deepEqual(talk(name, "7", [opened, tick(50), frame(answer, 60)]), [sent, "damaged"]);
  });
}

test("L7, TC11: the continuous output is listened to and never spoken to", (t) => {
  const good = Buffer.from("022c30202020313233342020202020300d", "hex").toString("latin1");
  t.deepEqual(talk("toledo-continuous", null, [opened, tick(50), frame(good, 60), tick(1_000), frame(good, 1_010)]), [
    "admit",
    "admit",
  ]);
  t.deepEqual(talk("toledo-continuous", "7", [opened, tick(50), frame(good, 60)]), ["damaged"]);
});
