/** Real gateways behind TCP proxies that do what networks do. `npm run network -- --minutes M` does it at random and for longer. */
import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import type { GatewayStatus } from "../../gateway/api/index.ts";
import { audit } from "./audit.ts";
import { eventually, settled, statusOf } from "./observe.ts";
import { FAIR } from "./proxy.ts";
import { startProxiedSite } from "./proxied-site.ts";

/** Generous, because a machine may do something else meanwhile; usually each takes a second or four. */
const PATIENCE_MS = 30_000;

test.serial(
  "whatever the network does between gateways, nothing is lost, doubled or divergent, the status names what is wrong, and all goes on afterwards",
  async (t) => {
    t.timeout(180_000);
    const net = await startProxiedSite(4, { ratePerSecond: 40, seed: 5, inFlight: 4 });
    t.teardown(net.close);
    const { site, between, around } = net;
    const status = async (gateway: number): Promise<GatewayStatus | null> => {
      const api = site.apis[gateway - 1];
      return api === undefined ? null : statusOf(api);
    };
    const peer = async (gateway: number, other: number) =>
      (await status(gateway))?.peers.find(({ gateway: name }) => name === `gw-${other}`);
    const final = async (gateway: number): Promise<number> => (await status(gateway))?.statements ?? 0;
    const goesOn = async (gateway: number, what: string): Promise<void> => {
      const before = await final(gateway);
      await eventually(`gw-${gateway} finalizes ${what}`, PATIENCE_MS, async () =>
        (await final(gateway)) >= before + 8 ? true : null,
      );
    };
    const reasonIs = async (gateway: number, other: number, pattern: RegExp): Promise<void> => {
      let seen = "";
      await eventually(
        () => `gw-${gateway} says of gw-${other} ${pattern}, not "${seen}"`,
        PATIENCE_MS,
        async () => {
          const told = await peer(gateway, other);
          seen = `${told?.connected} ${told?.reason}`;
          return told?.connected === false && pattern.test(told.reason ?? "") ? true : null;
        },
      );
    };
    const linked = async (gateway: number, other: number): Promise<void> => {
      await eventually(`gw-${gateway} and gw-${other} are linked`, PATIENCE_MS, async () =>
        (await peer(gateway, other))?.connected ? true : null,
      );
    };

    for (const proxy of net.all()) proxy.set("both", { latencyMs: 40 });
    await goesOn(1, "with 40 ms between all");
    net.heal();

    // TLS notices what the network changes; nobody blames the peer for it (R8, below).
    between(1, 2).set("there", { flipEveryBytes: 2_000 });
    await reasonIs(2, 1, /waiting|mac|decrypt|ssl|tls|record|closed|reset/i);
    await goesOn(2, "while bytes between gw-1 and gw-2 are changed");
    net.heal();
    await linked(1, 2);

    // A stall looks like an open connection: only silence tells.
    for (const proxy of around(4)) proxy.set("both", { isStalled: true });
    const acceptedBefore = (await status(4))?.counts.accepted ?? 0;
    await reasonIs(1, 4, /silent for 3 s|did not answer within 5 s|did not say hello/);
    await goesOn(1, "while gw-4 is stalled");
    await eventually("gw-4 accepts on its own", PATIENCE_MS, async () =>
      ((await status(4))?.counts.accepted ?? 0) >= acceptedBefore + 5 ? true : null,
    );
    // One way only, and a line that comes and goes, at once.
    for (const proxy of around(4)) proxy.set("both", FAIR);
    await linked(1, 4);
    between(1, 3).set("there", { isStalled: true });
    for (let times = 0; times < 6; times += 1) {
      between(2, 4).drop();
      await sleep(150);
    }
    await reasonIs(3, 1, /silent for 3 s|waiting|did not say hello|closed/);
    await goesOn(1, "when gw-3 does not hear gw-1");
    await goesOn(3, "when it does not hear gw-1");
    net.heal();
    between(1, 2).set("both", { bytesPerSecond: 3_000 });
    await goesOn(4, "with a trickle between gw-1 and gw-2");
    net.heal();

    // Two against two: nothing can become final, everything is accepted.
    for (const [one, other] of [
      [1, 3],
      [1, 4],
      [2, 3],
      [2, 4],
    ] as const)
      between(one, other).refuse(true);
    await reasonIs(1, 3, /closed|reset|cannot be reached/i);
    const halved = await eventually("finality stands still", PATIENCE_MS, async () => {
      const before = await final(1);
      await sleep(700);
      return (await final(1)) === before ? before : null;
    });
    const taken = (await status(1))?.counts.accepted ?? 0;
    await eventually("gw-1 goes on accepting", PATIENCE_MS, async () =>
      ((await status(1))?.counts.accepted ?? 0) >= taken + 5 ? true : null,
    );
    t.is(await final(1), halved);
    net.heal();
    await goesOn(1, "when the halves have met again");

    site.processes.kill("devices", "SIGTERM");
    const ended = await settled(site.apis, PATIENCE_MS);
    for (const { gateway, peers } of ended) {
      for (const { gateway: other, rejected, cutOffs, lastRejected } of peers)
        t.deepEqual([rejected, cutOffs], [0, 0], `R8: ${gateway} holds something against ${other}: ${lastRejected}`);
    }
    await site.stop();
    const { accepted, ...faults } = await audit(site.made);
    t.true(accepted > 100, `${accepted} accepted`);
    t.deepEqual(faults, { lost: [], doubled: [], foreign: [], divergent: [] });
  },
);
