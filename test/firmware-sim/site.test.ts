import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test from "ava";
import { type JournalLine, type SimulatedSiteSpec, startSimulatedSite } from "../../firmware-sim/index.ts";
import { eventually, freePort } from "../devices/transports/port.ts";

async function siteSpec(): Promise<{ spec: SimulatedSiteSpec; pty: string; tcp: number; journal: string }> {
  const folder = mkdtempSync(join(tmpdir(), "tallystick-site-"));
  const pty = join(folder, "scale");
  const tcp = await freePort();
  const station = {
    gateway: "g1",
    station: "s1",
    scale: { pty },
    dimensioner: { tcp },
    ratePerSecond: 5,
    dwellMs: 300,
  };
  return { spec: { seed: 1, journalDir: folder, stations: [station] }, pty, tcp, journal: join(folder, "g1-s1.jsonl") };
}

const presentedIn = (journal: string): readonly JournalLine[] =>
  readFileSync(journal, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as JournalLine);

/** Pairs what a host said as a gateway would: one weighing a load cycle or identity, over all lives of the host. */
function pairing() {
  const recorded: { item: string; grams: number }[] = [];
  let item: string | null = null;
  let last: string | null = null;
  return {
    recorded,
    hear: (line: string) => {
      const [kind, value = ""] = line.split(" ");
      if (kind === "item") item = value;
      const grams = kind === "mass" ? Number(value) : 0;
      if (grams < 20 || item === null || item === last) return;
      recorded.push({ item, grams });
      last = item;
      item = null;
    },
  };
}

function startHost(pty: string, tcp: number, hear: (line: string) => void): ChildProcess {
  const host = spawn(process.execPath, [join(import.meta.dirname, "host.ts"), pty, String(tcp)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  createInterface({ input: host.stdout }).on("line", hear);
  return host;
}

test("F12: a host killed again and again loses and doubles nothing", async (t) => {
  const { spec, pty, tcp, journal } = await siteSpec();
  const site = await startSimulatedSite(spec);
  const { recorded, hear } = pairing();
  for (const aliveMs of [900, 1_300, 700, 1_600, 1_100]) {
    const host = startHost(pty, tcp, hear);
    await new Promise((resolve) => {
      setTimeout(resolve, aliveMs);
    });
    host.kill("SIGKILL");
    await once(host, "close");
  }
  const last = startHost(pty, tcp, hear);
  const goal = (site.stats()[0]?.finished ?? 0) + 2;
  await eventually(() => (site.stats()[0]?.finished ?? 0) >= goal, "two more items", 10_000);
  last.kill("SIGKILL");
  await once(last, "close");
  const finished = site.stats()[0]?.finished ?? 0;
  await site.close();
  const truth = presentedIn(journal).map(({ item, grams }) => ({ item, grams }));
  // The last item may stand there unrecorded, or recorded and not yet taken off.
  t.true(recorded.length >= finished && recorded.length <= truth.length);
  t.deepEqual(recorded, truth.slice(0, recorded.length) as typeof recorded);
});

test("F13: a restarted simulator still has on the scale what nobody took off", async (t) => {
  const { spec, pty, tcp, journal } = await siteSpec();
  const { recorded, hear } = pairing();
  const host = startHost(pty, tcp, hear);
  for (let round = 0; round < 3; round++) {
    const site = await startSimulatedSite(spec);
    const goal = recorded.length + 2;
    await eventually(() => recorded.length >= goal, `two more items in round ${round}`, 15_000);
    await site.close();
  }
  host.kill("SIGKILL");
  await once(host, "close");
  const truth = presentedIn(journal).map(({ item, grams }) => ({ item, grams }));
  t.is(new Set(truth.map(({ item }) => item)).size, truth.length);
  t.deepEqual(recorded, truth.slice(0, recorded.length) as typeof recorded);
  t.true(truth.length - recorded.length <= 1);
});

test("a port that is taken is an error of the start, and nothing stays behind", async (t) => {
  const { spec, tcp } = await siteSpec();
  const thief = createServer().listen(tcp, "127.0.0.1");
  await once(thief, "listening");
  await t.throwsAsync(startSimulatedSite(spec), { code: "EADDRINUSE" });
  thief.close();
  await once(thief, "close");
  const site = await startSimulatedSite(spec);
  await site.close();
});
