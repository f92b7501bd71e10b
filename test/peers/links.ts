import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";
import type { ExecutionContext } from "ava";
import {
  makeTlsIdentity,
  type Peers,
  type PeersOptions,
  startPeers,
  type TlsIdentity,
} from "../../ledger/peers/index.ts";

/** What a gateway heard of its links. */
export type Heard = {
  readonly messages: { readonly from: number; readonly bytes: Uint8Array }[];
  readonly ups: number[];
  readonly downs: { readonly peer: number; readonly reason: string }[];
  readonly faults: { readonly peer: number; readonly reason: string }[];
};

export type Node = { readonly peers: Peers; readonly heard: Heard };

export async function identities(count: number): Promise<readonly TlsIdentity[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => makeTlsIdentity(`g${index}`)));
}

export function siteOf(ids: readonly TlsIdentity[], changes: Partial<PeersOptions["site"]> = {}): PeersOptions["site"] {
  return {
    site: "links",
    epoch: 1,
    configHash: "ab".repeat(32),
    gateways: ids.map(({ pin }, index) => ({ name: `g${index}`, tlsPin: pin })),
    ...changes,
  };
}

export async function node(
  t: ExecutionContext,
  self: number,
  ids: readonly TlsIdentity[],
  changes: Partial<PeersOptions> = {},
): Promise<Node> {
  const heard: Heard = { messages: [], ups: [], downs: [], faults: [] };
  const tls = ids[self];
  if (tls === undefined) throw new Error(`no identity ${self}`);
  const peers = await startPeers({
    self,
    site: siteOf(ids),
    listen: { host: "127.0.0.1", port: 0 },
    addresses: ids.map(() => null),
    tls,
    tickMs: 100,
    events: {
      message: (from, bytes) => heard.messages.push({ from, bytes }),
      up: (peer) => heard.ups.push(peer),
      down: (peer, reason) => heard.downs.push({ peer, reason }),
      misbehaved: (peer, reason) => heard.faults.push({ peer, reason }),
    },
    ...changes,
  });
  t.teardown(() => peers.close());
  return { peers, heard };
}

export function addressOf({ peers }: Node): string {
  const { host, port } = peers.status().listening;
  return `${host}:${port}`;
}

/** Two gateways with a link between them; the first dials. */
export async function pair(t: ExecutionContext, changes: Partial<PeersOptions> = {}): Promise<readonly [Node, Node]> {
  const ids = await identities(2);
  const accepting = await node(t, 1, ids, changes);
  const dialling = await node(t, 0, ids, { addresses: [null, addressOf(accepting)], ...changes });
  await until(() => dialling.heard.ups.length > 0 && accepting.heard.ups.length > 0);
  return [dialling, accepting];
}

export async function until(holds: () => boolean, withinMs = 8_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A TCP relay that can stop forwarding without closing: the half-open connection of a pulled cable. */
export async function relay(
  t: ExecutionContext,
  target: string,
): Promise<{ readonly address: string; readonly freeze: () => void; readonly thaw: () => void }> {
  const [host = "", port = ""] = target.split(":");
  const sockets = new Set<Socket>();
  let frozen = false;
  const server = createServer((near) => {
    const far = connect(Number(port), host);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (chunk) => void (frozen || to.write(chunk)));
      from.on("close", () => void (frozen || to.destroy()));
      from.on("error", () => from.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    freeze: () => {
      frozen = true;
    },
    thaw: () => {
      frozen = false;
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    },
  };
}
