import { once } from "node:events";
import { connect } from "node:net";
import test from "ava";
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
