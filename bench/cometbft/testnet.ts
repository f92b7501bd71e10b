import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

/**
 * `default`: as `cometbft testnet` writes it. `quick`: without the pause after each block, as sites that want speed run it. `tuned`: also
 * the pauses of its gossip are taken out, which only a network of one machine bears.
 */
export const TUNINGS = ["default", "quick", "tuned"] as const;
export type Tuning = (typeof TUNINGS)[number];

export type Testnet = {
  /** RPC addresses, host:port, of the validators. */
  readonly rpc: readonly string[];
  readonly rssMb: () => Promise<readonly number[]>;
  readonly stop: () => Promise<void>;
};

const READY_MS = 60_000;
const STOP_MS = 5_000;
const LOOK_MS = 200;

type Settings = Readonly<Record<string, Readonly<Record<string, string>>>>;

const QUICK: Settings[string] = { timeout_commit: '"0s"', skip_timeout_commit: "true" };
/** By section and key of config.toml, beside the addresses. */
const SETTINGS: Readonly<Record<Tuning, Settings>> = {
  default: {},
  quick: { consensus: QUICK },
  tuned: {
    consensus: { ...QUICK, peer_gossip_sleep_duration: '"2ms"' },
    p2p: { flush_throttle_timeout: '"1ms"' },
    mempool: { size: "20000" },
  },
};

/** Validators with the built-in key-value application, on loopback, in a directory of their own; started and connected. */
export async function startTestnet(binary: string, validators: number, tuning: Tuning): Promise<Testnet> {
  const dir = await mkdtemp(join(tmpdir(), "cometbft-"));
  const children: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(children.map(ended));
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await promisify(execFile)(binary, ["testnet", "--v", String(validators), "--o", dir]);
    const homes = Array.from({ length: validators }, (_, index) => join(dir, `node${index}`));
    const ports = await freePorts(validators * 2);
    const ids = await Promise.all(homes.map((home) => nodeId(binary, home)));
    const peers = ids.map((id, index) => `${id}@127.0.0.1:${ports[index]}`);
    for (const [index, home] of homes.entries()) {
      await configure(home, tuning, {
        p2p: ports[index] ?? 0,
        rpc: ports[validators + index] ?? 0,
        peers: peers.filter((_, other) => other !== index).join(","),
      });
      const log = openSync(join(home, "log"), "a");
      children.push(
        spawn(binary, ["start", "--home", home, "--proxy_app", "kvstore", "--log_level", "error"], {
          stdio: ["ignore", log, log],
        }),
      );
      closeSync(log);
    }
    const rpc = ports.slice(validators).map((port) => `127.0.0.1:${port}`);
    await Promise.all(rpc.map(ready));
    return { rpc, rssMb: () => Promise.all(children.map(({ pid }) => rssMbOf(pid))), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function nodeId(binary: string, home: string): Promise<string> {
  const { stdout } = await promisify(execFile)(binary, ["show-node-id", "--home", home]);
  return stdout.trim();
}

type Addresses = { readonly p2p: number; readonly rpc: number; readonly peers: string };

async function configure(home: string, tuning: Tuning, { p2p, rpc, peers }: Addresses): Promise<void> {
  const path = join(home, "config", "config.toml");
  const sections = SETTINGS[tuning];
  const wanted: Settings = {
    ...sections,
    p2p: {
      ...sections["p2p"],
      laddr: `"tcp://127.0.0.1:${p2p}"`,
      persistent_peers: `"${peers}"`,
      addr_book_strict: "false",
      allow_duplicate_ip: "true",
    },
    rpc: { ...sections["rpc"], laddr: `"tcp://127.0.0.1:${rpc}"` },
  };
  let section = "";
  const lines = (await readFile(path, "utf8")).split("\n").map((line) => {
    section = /^\[(\w+)\]$/.exec(line)?.[1] ?? section;
    const key = /^(\w+) = /.exec(line)?.[1];
    const value = key === undefined ? undefined : wanted[section]?.[key];
    return value === undefined ? line : `${key} = ${value}`;
  });
  const text = lines.join("\n");
  // A key that this version spells otherwise would leave a default where a tuned value is claimed.
  for (const [name, keys] of Object.entries(wanted)) {
    for (const [key, value] of Object.entries(keys)) {
      if (!text.includes(`\n${key} = ${value}\n`)) throw new Error(`config.toml has no ${key} in [${name}]`);
    }
  }
  await writeFile(path, text);
}

/** Until the third block: then the validators are connected and past their first timeouts. */
async function ready(address: string): Promise<void> {
  const until = performance.now() + READY_MS;
  while (performance.now() < until) {
    if ((await heightOf(address)) >= 3) return;
    await sleep(LOOK_MS);
  }
  throw new Error(`the validator at ${address} made no blocks within ${READY_MS / 1_000} s`);
}

async function heightOf(address: string): Promise<number> {
  try {
    const answer = await fetch(`http://${address}/status`, { signal: AbortSignal.timeout(1_000) });
    const { result } = (await answer.json()) as { result: { sync_info: { latest_block_height: string } } };
    return Number(result.sync_info.latest_block_height);
  } catch {
    return -1;
  }
}

/** Linux; elsewhere NaN, which JSON shows as null. */
async function rssMbOf(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Math.round((Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024) / 1e6);
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (typeof address === "object" && address !== null) ports.push(address.port);
  }
  await Promise.all(
    servers.map(async (server) => {
      server.close();
      await once(server, "close");
    }),
  );
  return ports;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  const impatience = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await exit;
  clearTimeout(impatience);
}
