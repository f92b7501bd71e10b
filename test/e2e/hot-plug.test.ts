import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import type { ListPorts } from "../../devices/index.ts";
import { startDimensioner, startScale, startStation, syntheticItems } from "../../firmware-sim/index.ts";
import { oneGateway } from "../runtime/one-gateway.ts";
import { audit } from "./audit.ts";
import { statusOf } from "./observe.ts";

const LONGEST_MS = 45_000;
const UNPLUGGED = "rename=2.5/0.5";

/** Weighs items while the scale is unplugged and comes back under another name, again and again; nobody touches the gateway. */
async function run(
  t: ExecutionContext,
  transport: (root: string) => string,
  portsAt: (link: string) => ListPorts | undefined,
) {
  const gateway = await oneGateway(t, transport);
  const { made, url } = gateway;
  const link = join(made.dir, "dev/scale");
  const { stop } = await gateway.start(portsAt(link));
  const places = new Set<string>();
  let wasOnline = true;
  let outages = 0;
  const station = await startStation({
    items: syntheticItems(5, 0),
    journal: join(made.dir, "journals", "dock-1.jsonl"),
    ratePerSecond: 1,
    scale: (lying) => startScale({ ...lying, line: { kind: "pty", link }, serial: "S1", faults: [UNPLUGGED] }),
    dimensioner: () => startDimensioner({ line: { kind: "tcp", port: gateway.dimensionerPort } }),
  });
  // Not a time but what was seen ends the run: a busy machine takes longer.
  const isEnough = (): boolean => outages >= 3 && station.stats().removed >= 5;
  for (const until = performance.now() + LONGEST_MS; performance.now() < until && !isEnough(); await sleep(100)) {
    const status = await statusOf({ name: "gw-1", url });
    const scale = status?.devices.find(({ id }) => id === "scale-1");
    if (scale?.state !== "online" || scale.place === null) {
      wasOnline = false;
      continue;
    }
    if (!wasOnline) outages += 1;
    wasOnline = true;
    places.add(scale.place);
  }
  await station.close();
  await stop();
  const { accepted, lost, doubled, foreign } = await audit(made);
  return { outages, places, accepted, lost, doubled, foreign, alarms: gateway.alarms };
}

test.serial(
  "T5: an adapter that is unplugged and comes back under other names loses and doubles no weighing, found by its USB identity",
  async (t) => {
    t.timeout(60_000);
    const outcome = await run(
      t,
      () => '{ kind: serial, usb: { vid: "0403", pid: "6001", serial: A50285BI } }',
      (link) => async () => {
        const path = await realpath(link).catch(() => null);
        const usb = { byId: null, vid: "0403", pid: "6001", serial: "A50285BI", manufacturer: null };
        return path === null ? [] : [{ path, ...usb }];
      },
    );
    t.log(`${outcome.accepted} weighings taken over ${[...outcome.places].join(", ")}`);
    t.true(outcome.places.size >= 2, [...outcome.places].join(", "));
    t.true(outcome.outages >= 3 && outcome.accepted >= 5, `${outcome.outages} outages, ${outcome.accepted} taken`);
    t.deepEqual([outcome.lost, outcome.doubled, outcome.foreign], [[], [], []]);
    t.true(outcome.alarms.some((line) => line.includes("is not plugged in")));
  },
);

test.serial("T5: so does one that a stable link leads to, whatever the device file behind it", async (t) => {
  t.timeout(60_000);
  const outcome = await run(
    t,
    (root) => `{ kind: serial, path: ${join(root, "dev/scale")} }`,
    () => undefined,
  );
  t.true(outcome.outages >= 3 && outcome.accepted >= 5, `${outcome.outages} outages, ${outcome.accepted} taken`);
  t.deepEqual([outcome.lost, outcome.doubled, outcome.foreign], [[], [], []]);
});
