/** A9 with real processes: an older copy of a gateway's directory is put back. */
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import { startTemporarySite } from "../../gateway/site/index.ts";
import { audit } from "./audit.ts";
import { eventually, settled, statusOf } from "./observe.ts";

const PATIENCE_MS = 30_000;

test.serial(
  "A9: a gateway on an old copy of its directory stops when a peer shows what it has signed since, and has contradicted nothing until then",
  async (t) => {
    t.timeout(150_000);
    const site = await startTemporarySite({
      gateways: 4,
      stations: "mqtt",
      simulation: { ratePerSecond: 40, seed: 9, inFlight: 4 },
      restart: false,
    });
    t.teardown(async () => {
      await site.stop();
      await site.remove();
    });
    const [one, , , four] = site.apis;
    const dir = site.made.gatewayDirs[3];
    if (one === undefined || four === undefined || dir === undefined) throw new Error("four gateways were asked for");
    const accepted = async (): Promise<number> => (await statusOf(four))?.counts.accepted ?? 0;
    const stop = async (name: string): Promise<void> => {
      site.processes.kill(name, "SIGTERM");
      await eventually(`${name} has stopped`, PATIENCE_MS, async () =>
        site.processes.list().some((process) => process.name === name && process.state === "stopped") ? true : null,
      );
    };
    const copy = join(site.made.dir, "copy-of-gw-4");

    await eventually("gw-4 accepts", PATIENCE_MS, async () => ((await accepted()) > 8 ? true : null));
    await stop("gw-4");
    await cp(dir, copy, { recursive: true });
    await site.processes.again("gw-4");
    const before = await accepted();
    await eventually("gw-4 goes on", PATIENCE_MS, async () => ((await accepted()) > before + 8 ? true : null));
    await stop("devices");
    await settled(site.apis, PATIENCE_MS);

    await stop("gw-4");
    await rm(dir, { recursive: true });
    await cp(copy, dir, { recursive: true });
    // Its sensor has something to weigh from the first moment on.
    await Promise.all([site.processes.again("devices"), site.processes.again("gw-4")]);
    const halted = await eventually("gw-4 halts", PATIENCE_MS, async () => (await statusOf(four))?.halted ?? null);
    t.regex(halted, /is not on (its|this) disk.* old copy.* new key before it joins again/);
    t.is((await fetch(`${four.url}/healthz`)).status, 503);

    const atHalt = (await statusOf(one))?.statements ?? 0;
    await eventually("the other three go on", PATIENCE_MS, async () =>
      ((await statusOf(one))?.statements ?? 0) > atHalt + 8 ? true : null,
    );
    await sleep(500);
    for (const api of site.apis.slice(0, 3)) {
      const status = await statusOf(api);
      t.deepEqual(status?.evidence, [], `${api.name} has evidence: gw-4 contradicted itself`);
      t.is(status?.lanes[3]?.held, status?.lanes[3]?.executed, "nothing of gw-4 waits that cannot become final");
    }

    await stop("devices");
    await eventually("all that the three accepted is final", PATIENCE_MS, async () => {
      const all = await Promise.all(site.apis.slice(0, 3).map(statusOf));
      const [first] = all;
      return all.every(
        (status) =>
          status !== null && status.counts.final === status.counts.accepted && status.logRoot === first?.logRoot,
      )
        ? true
        : null;
    });
    await site.stop();
    const { divergent, ...faults } = await audit(site.made);
    t.deepEqual(divergent, ["gw-4"], "its log ends where it halted");
    t.deepEqual({ ...faults, accepted: 0 }, { accepted: 0, lost: [], doubled: [], foreign: [] });
  },
);
