/**
 * `npm run network -- --minutes M [--seed S]`: a site of real gateways behind TCP proxies. Every few seconds another fault between some of
 * them: latency, stalls, one way or both, connections that end or are refused, changed bytes, a trickle. The last line is JSON
 * {"minutes","faults","accepted","lost","doubled","divergent","cutOffs","stood"}; exit code 1 unless all but the first three are 0. `stood`: how often
 * finality did not go on within 30 s after everything was well.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { seeded } from "../sim/random.ts";
import { audit } from "./audit.ts";
import { eventually, settled, statusOf } from "./observe.ts";
import { startProxiedSite } from "./proxied-site.ts";
import type { Proxy } from "./proxy.ts";

const GATEWAYS = 4;
const HEALED_EVERY = 6;
const PATIENCE_MS = 30_000;
const SETTLE_MS = 60_000;

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "5" }, seed: { type: "string", default: "1" } },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
if (!(minutes > 0 && Number.isInteger(seed))) {
  process.stderr.write("network: --minutes must be a number above 0 and --seed a whole number\n");
  process.exit(2);
}

const random = seeded(seed);
const net = await startProxiedSite(GATEWAYS, { ratePerSecond: 40, seed: seed % 1000, inFlight: 4 });
const { site } = net;
const someWay = () => random.pick(["there", "back", "both"] as const);

const FAULTS: Readonly<Record<string, (proxy: Proxy) => void>> = {
  latency: (proxy) => proxy.set(someWay(), { latencyMs: random.pick([5, 50, 300]) }),
  stall: (proxy) => proxy.set(someWay(), { isStalled: true }),
  changed: (proxy) => proxy.set(someWay(), { flipEveryBytes: random.pick([500, 5_000, 50_000]) }),
  trickle: (proxy) => proxy.set(someWay(), { bytesPerSecond: random.pick([1_000, 10_000]) }),
  ended: (proxy) => proxy.drop(),
  refused: (proxy) => proxy.refuse(true),
};

async function finalAnywhere(): Promise<number> {
  const statuses = await Promise.all(site.apis.map(statusOf));
  return Math.max(0, ...statuses.map((status) => status?.statements ?? 0));
}

try {
  const endMs = performance.now() + minutes * 60_000;
  let faults = 0;
  let stood = 0;
  while (performance.now() < endMs) {
    const name = random.pick(Object.keys(FAULTS));
    const whole = random.chance(0.25) ? 1 + random.below(GATEWAYS) : null;
    const proxies = whole === null ? [random.pick(net.all())] : net.around(whole);
    for (const proxy of proxies) FAULTS[name]?.(proxy);
    faults += 1;
    process.stdout.write(`${faults}: ${name}${whole === null ? "" : ` around gw-${whole}`}\n`);
    await sleep(500 + random.next() * 4_000);
    if (faults % HEALED_EVERY !== 0) continue;
    net.heal();
    const before = await finalAnywhere();
    await eventually("finality goes on", PATIENCE_MS, async () =>
      (await finalAnywhere()) > before + 4 ? true : null,
    ).catch((error: unknown) => {
      stood += 1;
      process.stdout.write(`fault: ${String(error)}\n`);
    });
  }
  net.heal();
  site.processes.kill("devices", "SIGTERM");
  const statuses = await settled(site.apis, SETTLE_MS);
  const cutOffs = statuses.flatMap(({ peers }) => peers).reduce((sum, peer) => sum + peer.cutOffs + peer.rejected, 0);
  await site.stop();
  const { accepted, lost, doubled, foreign, divergent } = await audit(site.made);
  for (const fault of [...lost, ...doubled, ...foreign, ...divergent]) process.stdout.write(`fault: ${fault}\n`);
  const bad = {
    lost: lost.length,
    doubled: doubled.length + foreign.length,
    divergent: divergent.length,
    cutOffs,
    stood,
  };
  process.stdout.write(`${JSON.stringify({ minutes, faults, accepted, ...bad })}\n`);
  process.exitCode = Object.values(bad).every((count) => count === 0) ? 0 : 1;
} finally {
  await net.close();
}
