import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { openFifo } from "../../firmware-sim/lines/fifo.ts";
import { openPty } from "../../firmware-sim/lines/pty.ts";
import { listenTcp } from "../../firmware-sim/lines/tcp-server.ts";

test("F8: what a device writes to a host that does not read is lost beyond a bound, and said to be lost", async (t) => {
  const linked = Promise.withResolvers<boolean>();
  const line = await listenTcp(0, "127.0.0.1", { received: () => {}, linked: linked.resolve });
  const host = connect(line.port ?? 0, "127.0.0.1");
  host.pause();
  await once(host, "connect");
  await linked.promise;
  const frame = new Uint8Array(65_536);
  let taken = 0;
  // In one go, so that only the kernel can take anything: a few megabytes at most.
  while (taken < 1_000 && line.write(frame)) taken += 1;
  t.true(taken > 0 && taken < 1_000, `${taken} writes`);
  host.destroy();
  await line.close();
});

test("F7: a file that stands where a PTY or a FIFO is to be is left as it is", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tallystick-lines-"));
  const file = join(folder, "scale.jsonl");
  writeFileSync(file, "somebody's\n");
  const events = { received: () => {}, linked: () => {} };
  t.throws(() => openPty(file, events), { instanceOf: RangeError, message: /is there already/ });
  t.throws(() => openFifo(file), { instanceOf: RangeError, message: /is there already/ });
  t.is(readFileSync(file, "utf8"), "somebody's\n");
  // What a killed device left is taken over.
  for (const open of [() => openPty(join(folder, "pty"), events), () => openFifo(join(folder, "fifo"))]) {
    const [left, next] = [open(), open()];
    await next.close();
    await left.close();
  }
});
