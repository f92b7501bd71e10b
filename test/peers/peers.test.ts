import { randomBytes } from "node:crypto";
import { connect as connectTcp } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import test, { type ExecutionContext } from "ava";
import { makeTlsIdentity, tlsPinOf, type TlsIdentity } from "../../ledger/peers/index.ts";
import { frameHeader, MAX_FRAME_BYTES } from "../../ledger/peers/frames.ts";
import { encodeHello } from "../../ledger/peers/hello.ts";
import { FAIR, startProxy } from "../e2e/proxy.ts";
import { addressOf, identities, type Node, node, pair, relay, siteOf, until } from "./links.ts";

test("P1 a site of four links every pair once, and messages arrive in order from whom they came", async (t) => {
  const ids = await identities(4);
  const nodes: Node[] = [];
  for (const self of [3, 2, 1, 0]) {
    const addresses = ids.map((_, index) => (nodes[index] === undefined ? null : addressOf(nodes[index])));
    nodes[self] = await node(t, self, ids, { addresses });
  }
  await until(() => nodes.every(({ heard }) => heard.ups.length === 3));
  for (const [self, { peers }] of nodes.entries()) {
    for (const to of [0, 1, 2, 3].filter((index) => index !== self)) {
      for (let n = 0; n < 50; n += 1) t.true(peers.send(to, Uint8Array.of(self, n)));
    }
  }
  await until(() => nodes.every(({ heard }) => heard.messages.length === 150));
  for (const { heard } of nodes) {
    for (const peer of new Set(heard.messages.map(({ from }) => from))) {
      const found = heard.messages.filter(({ from }) => from === peer).map(({ bytes }) => [...bytes]);
      t.deepEqual(
        found,
        Array.from({ length: 50 }, (_, n) => [peer, n]),
      );
    }
    t.is(new Set(heard.ups).size, 3);
  }
  t.true(
    nodes.every(({ peers }) => peers.status().peers.every(({ timesUp, state }) => state === "self" || timesUp === 1)),
  );
});

test("P3 a message of 1 MiB arrives whole, and a larger one is its sender's bug", async (t) => {
  const [one, two] = await pair(t);
  const big = randomBytes(MAX_FRAME_BYTES - 1);
  t.true(one.peers.send(1, big));
  await until(() => two.heard.messages.length === 1);
  t.is(Buffer.compare(two.heard.messages[0]?.bytes ?? new Uint8Array(), big), 0);
  t.throws(() => one.peers.send(1, new Uint8Array(MAX_FRAME_BYTES)), { instanceOf: RangeError });
  t.is(one.peers.status().peers[1]?.state, "up");
});

/** Dials a gateway with any or no certificate, as a stranger would. */
async function dialAs(t: ExecutionContext, target: Node, identity: TlsIdentity | null): Promise<TLSSocket> {
  const { host, port } = target.peers.status().listening;
  const socket = connect({
    host,
    port,
    rejectUnauthorized: false,
    ...(identity === null ? {} : { key: identity.key, cert: identity.cert }),
  });
  socket.on("error", () => undefined);
  // Reads and forgets: a socket that nobody reads never notices its end.
  socket.resume();
  t.teardown(() => socket.destroy());
  await new Promise<void>((resolve) => {
    socket.once("secureConnect", resolve);
    socket.once("close", () => resolve());
  });
  return socket;
}

test("P2 a client with a certificate that nobody pinned is refused, whatever it says", async (t) => {
  const ids = await identities(2);
  const target = await node(t, 1, ids);
  const socket = await dialAs(t, target, await makeTlsIdentity("g0"));
  const hello = encodeHello({ ...siteOf(ids), gateway: "g0" });
  socket.write(Buffer.concat([frameHeader("hello", hello.length), hello]));
  await until(() => socket.destroyed || socket.readableEnded);
  t.deepEqual(target.heard, { messages: [], ups: [], downs: [], faults: [] });
  t.is(target.peers.status().strangers, 1);
  t.regex(target.peers.status().lastStranger ?? "", /no gateway of this site/);
});

test("P2 a client without a certificate is refused", async (t) => {
  const ids = await identities(2);
  const target = await node(t, 1, ids);
  const socket = await dialAs(t, target, null);
  await until(() => socket.destroyed || socket.readableEnded);
  t.is(target.peers.status().strangers, 1);
  t.deepEqual(target.heard.ups, []);
});

test("P2 a server with another key than the pinned one is refused, and the status says what to correct", async (t) => {
  const ids = await identities(2);
  const impostor = await identities(2);
  const other = await node(t, 1, impostor);
  const dialling = await node(t, 0, ids, { addresses: [null, addressOf(other)] });
  const reason = (): string => dialling.peers.status().peers[1]?.reason ?? "";
  await until(() => reason().includes("pins for g1"));
  t.regex(reason(), /does not show the TLS key that the site pins for g1: correct the address or the pin/);
  t.deepEqual(dialling.heard.ups, []);
});

test("P2 TLS below 1.3 and plain TCP are refused, and the next honest peer comes in", async (t) => {
  const ids = await identities(2);
  const target = await node(t, 1, ids);
  const { host, port } = target.peers.status().listening;
  const old = connect({ host, port, rejectUnauthorized: false, maxVersion: "TLSv1.2" });
  const oldFailed = new Promise<string>((resolve) =>
    old.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "")),
  );
  t.regex(await oldFailed, /SSL|TLS|ECONNRESET/);
  const plain = connectTcp(port, host);
  plain.on("error", () => undefined);
  plain.write("GET / HTTP/1.1\r\n\r\n");
  await until(() => plain.destroyed || plain.readableEnded);
  await node(t, 0, ids, { addresses: [null, addressOf(target)] });
  await until(() => target.heard.ups.length === 1);
  t.true(target.peers.status().strangers >= 1);
});

test("P2 a flood of silent connections does not keep an honest peer out", async (t) => {
  const ids = await identities(2);
  const target = await node(t, 1, ids);
  const { host, port } = target.peers.status().listening;
  const flood = Array.from({ length: 200 }, () => {
    const socket = connectTcp(port, host);
    socket.on("error", () => undefined);
    return socket;
  });
  t.teardown(() => {
    for (const socket of flood) socket.destroy();
  });
  await until(() => flood.filter((socket) => socket.closed || socket.readableEnded).length >= 72);
  const honest = await node(t, 0, ids, { addresses: [null, addressOf(target)] });
  await until(() => honest.heard.ups.length === 1 && target.heard.ups.length === 1);
  for (let extra = 0; extra < 200; extra += 1) flood.push(connectTcp(port, host).on("error", () => undefined));
  await until(() => flood.filter((socket) => socket.closed || socket.readableEnded).length >= 272);
  t.is(target.peers.status().peers[0]?.state, "up", "an established link is never displaced");
});

test("P4 gateways with different configurations of one epoch refuse each other, and both say so", async (t) => {
  const ids = await identities(2);
  const accepting = await node(t, 1, ids, { site: siteOf(ids, { configHash: "cd".repeat(32) }) });
  const dialling = await node(t, 0, ids, { addresses: [null, addressOf(accepting)] });
  await until(() =>
    [dialling.peers.status().peers[1], accepting.peers.status().peers[0]].every((peer) =>
      peer?.reason?.includes("SITE.json"),
    ),
  );
  t.regex(
    dialling.peers.status().peers[1]?.reason ?? "",
    /g1 runs another site configuration \(epoch 1, cdcdcdcdcdcd\)/,
  );
  t.deepEqual([...dialling.heard.ups, ...accepting.heard.ups], []);
  t.false(dialling.peers.send(1, new Uint8Array(1)));
});

/** A pinned peer whose frames the test writes itself. */
async function pinnedDialler(t: ExecutionContext): Promise<{ target: Node; socket: TLSSocket; hello: Uint8Array }> {
  const ids = await identities(2);
  const target = await node(t, 1, ids, { tickMs: 1000 });
  const socket = await dialAs(t, target, ids[0] ?? null);
  const hello = encodeHello({ ...siteOf(ids), gateway: "g0" });
  return { target, socket, hello: Buffer.concat([frameHeader("hello", hello.length), hello]) };
}

for (const [name, frames, reason] of [
  ["an oversize frame", [Uint8Array.of(1, 0, 0, 1, 1)], /above the limit/],
  ["an unknown frame", [Uint8Array.of(0, 0, 0, 1, 9)], /unknown kind/],
  ["a second hello", [frameHeader("hello", 0)], /hello twice/],
] as const) {
  test(`P3 ${name} of an authenticated peer ends the link, and a new link is welcome`, async (t) => {
    const { target, socket, hello } = await pinnedDialler(t);
    socket.write(hello);
    await until(() => target.heard.ups.length === 1);
    for (const frame of frames) socket.write(frame);
    await until(() => target.heard.downs.length === 1);
    t.regex(target.heard.downs[0]?.reason ?? "", reason);
    await until(() => socket.destroyed || socket.readableEnded);
  });
}

test("P4 a message before the hello and a hello above 4 KiB are refused", async (t) => {
  for (const frame of [Buffer.concat([frameHeader("message", 1), Uint8Array.of(1)]), frameHeader("hello", 5000)]) {
    const { target, socket } = await pinnedDialler(t);
    socket.write(frame);
    await until(() => socket.destroyed || socket.readableEnded);
    t.deepEqual(target.heard.ups, []);
    t.regex(target.peers.status().peers[0]?.reason ?? "", /before its hello|above the limit of 4096/);
  }
});

test("P4 a hello and a large message in one write are both understood", async (t) => {
  const { target, socket, hello } = await pinnedDialler(t);
  const message = randomBytes(10_000);
  socket.write(Buffer.concat([hello, frameHeader("message", message.length), message]));
  await until(() => target.heard.messages.length === 1);
  t.is(Buffer.compare(target.heard.messages[0]?.bytes ?? new Uint8Array(), message), 0);
});

test("P1 a newer link of the same peer replaces the older", async (t) => {
  const ids = await identities(2);
  const target = await node(t, 1, ids, { tickMs: 1000 });
  const hello = encodeHello({ ...siteOf(ids), gateway: "g0" });
  const first = await dialAs(t, target, ids[0] ?? null);
  first.write(Buffer.concat([frameHeader("hello", hello.length), hello]));
  await until(() => target.heard.ups.length === 1);
  const second = await dialAs(t, target, ids[0] ?? null);
  second.write(Buffer.concat([frameHeader("hello", hello.length), hello]));
  await until(() => target.heard.ups.length === 2);
  t.regex(target.heard.downs[0]?.reason ?? "", /opened a new link/);
  t.is(target.peers.status().peers[0]?.state, "up");
  await until(() => first.destroyed || first.readableEnded);
});

test("P5 both ends of a half-open connection notice, and the link comes back when the network does", async (t) => {
  const ids = await identities(2);
  const accepting = await node(t, 1, ids);
  const cable = await relay(t, addressOf(accepting));
  const dialling = await node(t, 0, ids, { addresses: [null, cable.address] });
  await until(() => dialling.heard.ups.length === 1 && accepting.heard.ups.length === 1);
  const pulled = performance.now();
  cable.freeze();
  await until(() => dialling.heard.downs.length === 1 && accepting.heard.downs.length === 1);
  const noticedMs = performance.now() - pulled;
  t.true(noticedMs > 150 && noticedMs < 900, `three to four ticks of 100 ms, not ${noticedMs} ms`);
  t.regex(dialling.heard.downs[0]?.reason ?? "", /silent for 0\.3 s/);
  cable.thaw();
  await until(() => dialling.heard.ups.length === 2 && accepting.heard.ups.length === 2);
  t.true(dialling.peers.send(1, Uint8Array.of(7)));
  await until(() => accepting.heard.messages.length === 1);
});

test("P5 an idle link stays up", async (t) => {
  const [one, two] = await pair(t, { tickMs: 50 });
  await new Promise((resolve) => setTimeout(resolve, 600));
  t.deepEqual([...one.heard.downs, ...two.heard.downs], []);
});

test("P5 a gateway that was itself stopped for longer than the limit does not blame its peer", async (t) => {
  const [one, two] = await pair(t, { tickMs: 50 });
  // Both run in this process, so both are stopped; neither may conclude anything from the lost time.
  const end = performance.now() + 500;
  while (performance.now() < end);
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.deepEqual([...one.heard.downs, ...two.heard.downs], []);
});

test("P6 a full queue drops the newest, counts it, and keeps the order of the rest", async (t) => {
  const [one, two] = await pair(t, { maxQueueBytes: 1_000_000 });
  let accepted = 0;
  for (let n = 0; n < 50; n += 1) {
    const message = new Uint8Array(100_000);
    message[0] = n;
    if (one.peers.send(1, message)) accepted += 1;
  }
  t.is(accepted, 9);
  t.is(one.peers.status().peers[1]?.droppedMessages, 41);
  await until(() => two.heard.messages.length === 9);
  t.deepEqual(
    two.heard.messages.map(({ bytes }) => bytes[0]),
    [0, 1, 2, 3, 4, 5, 6, 7, 8],
  );
  await until(() => one.peers.status().peers[1]?.queuedBytes === 0);
  t.true(one.peers.send(1, Uint8Array.of(99)));
  await until(() => two.heard.messages.length === 10);
});

test("P6 a peer that pings but never reads costs a bounded queue: messages beyond it are dropped and counted, and others are served", async (t) => {
  const ids = await identities(3);
  const target = await node(t, 2, ids, { maxQueueBytes: 3_000_000 });
  const deaf = await dialAs(t, target, ids[0] ?? null);
  deaf.pause();
  const hello = encodeHello({ ...siteOf(ids), gateway: "g0" });
  deaf.write(Buffer.concat([frameHeader("hello", hello.length), hello]));
  const pings = setInterval(() => deaf.write(frameHeader("ping", 0)), 50);
  t.teardown(() => clearInterval(pings));
  const well = await node(t, 1, ids, { addresses: [null, null, addressOf(target)] });
  await until(() => target.heard.ups.length === 2);
  const message = new Uint8Array(100_000);
  for (let round = 0; round < 40; round += 1) {
    for (let each = 0; each < 10; each += 1) target.peers.send(0, message);
    target.peers.send(1, Uint8Array.of(round));
    t.true(target.peers.queuedBytes(0) <= 3_000_000);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  const status = target.peers.status().peers[0];
  t.is(status?.state, "up");
  t.true((status?.droppedMessages ?? 0) > 200, `${status?.droppedMessages} dropped`);
  await until(() => well.heard.messages.length === 40);
});

test("P2 bytes that the network changes end the link as TLS's finding: no changed message comes through, and nobody is blamed", async (t) => {
  const ids = await identities(2);
  const accepting = await node(t, 1, ids);
  const proxy = await startProxy(accepting.peers.status().listening.port);
  t.teardown(proxy.close);
  const dialling = await node(t, 0, ids, { addresses: [null, `127.0.0.1:${proxy.port}`] });
  await until(() => dialling.heard.ups.length === 1 && accepting.heard.ups.length === 1);
  proxy.set("there", { flipEveryBytes: 50_000 });
  for (let n = 0; n < 200; n += 1) dialling.peers.send(1, new Uint8Array(1_000).fill(n));
  await until(() => accepting.heard.downs.length > 0);
  t.regex(accepting.heard.downs[0]?.reason ?? "", /mac|decrypt|ssl/i);
  for (const [n, { bytes }] of accepting.heard.messages.entries()) t.true(bytes.every((byte) => byte === n));
  t.true(accepting.heard.messages.length > 0);
  proxy.set("there", FAIR);
  await until(() => accepting.heard.ups.length === 2 && dialling.heard.ups.length === 2);
  t.true(dialling.peers.send(1, Uint8Array.of(255)));
  await until(() => accepting.heard.messages.at(-1)?.bytes[0] === 255);
  t.deepEqual([...accepting.heard.faults, ...dialling.heard.faults], []);
});

test("P7 a peer that restarts is dialled again until it answers", async (t) => {
  const ids = await identities(2);
  const accepting = await node(t, 1, ids);
  const { listening } = accepting.peers.status();
  const dialling = await node(t, 0, ids, { addresses: [null, addressOf(accepting)] });
  await until(() => dialling.heard.ups.length === 1);
  await accepting.peers.close();
  await until(() => dialling.heard.downs.length === 1);
  await until(() => /cannot be reached/.test(dialling.peers.status().peers[1]?.reason ?? ""));
  const again = await node(t, 1, ids, { listen: listening });
  await until(() => dialling.heard.ups.length === 2 && again.heard.ups.length === 1);
  t.is(dialling.peers.status().peers[1]?.timesUp, 2);
});

for (const by of ["dials", "accepts"] as const) {
  test(`P8 a peer that the side which ${by} cuts off is told why, stays away until the time is over, and then returns`, async (t) => {
    const [dialling, accepting] = await pair(t);
    const [judge, judged] = by === "dials" ? [dialling, accepting] : [accepting, dialling];
    const [me, it] = by === "dials" ? [0, 1] : [1, 0];
    const begun = performance.now();
    judge.peers.cutOff(it, 1_200, "cut off until noon: it floods");
    await until(() => judged.heard.downs.length === 1);
    t.regex(judge.heard.downs[0]?.reason ?? "", /cut off until noon: it floods/);
    t.regex(judged.heard.downs[0]?.reason ?? "", /closed by the peer: cut off until noon: it floods/);
    t.false(judge.peers.send(it, Uint8Array.of(1)));
    await until(() => performance.now() > begun + 900);
    t.deepEqual([judge.heard.ups.length, judged.heard.ups.length], [1, 1]);
    t.regex(judge.peers.status().peers[it]?.reason ?? "", /it floods/);
    if (by === "accepts") t.regex(judged.peers.status().peers[me]?.reason ?? "", /it floods/);
    await until(() => judge.heard.ups.length === 2 && judged.heard.ups.length === 2);
    t.true(performance.now() - begun > 1_100);
    t.true(judged.peers.send(me, Uint8Array.of(7)));
    await until(() => judge.heard.messages.length === 1);
  });
}

test("P8 what no honest gateway puts on a link is told as misbehaviour of the key's owner, and closes the link", async (t) => {
  const ids = await identities(2);
  const target = await node(t, 1, ids);
  const hello = encodeHello({ ...siteOf(ids), gateway: "g0" });
  const helloFrame = Buffer.concat([frameHeader("hello", hello.length), hello]);
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [Buffer.concat([helloFrame, helloFrame]), /said hello twice/],
    [frameHeader("message", 0), /a message before its hello/],
    [Uint8Array.of(0, 0, 0, 1, 9), /unknown kind 9/],
    [Buffer.concat([helloFrame, Uint8Array.of(255, 255, 255, 255, 1)]), /4294967295 bytes is above/],
  ];
  for (const [index, [bytes, reason]] of cases.entries()) {
    const socket = await dialAs(t, target, ids[0] ?? null);
    socket.write(bytes);
    await until(() => target.heard.faults.length === index + 1);
    t.regex(target.heard.faults[index]?.reason ?? "", reason);
    t.is(target.heard.faults[index]?.peer, 0);
    await until(() => socket.destroyed || socket.readableEnded);
  }
  const stranger = await dialAs(t, target, await makeTlsIdentity("g0"));
  stranger.write(Uint8Array.of(0, 0, 0, 1, 9));
  await until(() => stranger.destroyed || stranger.readableEnded);
  t.is(target.heard.faults.length, cases.length, "a stranger is nobody's fault");
});

test("a busy port, a foreign certificate and a useless address are told in one sentence with the mend", async (t) => {
  const ids = await identities(3);
  const running = await node(t, 1, ids);
  const { listening } = running.peers.status();
  const busy = await t.throwsAsync(node(t, 0, ids, { listen: listening }), { code: "PEERS_PORT_BUSY" });
  t.regex(busy?.message ?? "", new RegExp(`127\\.0\\.0\\.1:${listening.port} .*configure another peer port`));
  const foreign = ids[2];
  if (foreign === undefined) return t.fail();
  await t.throwsAsync(node(t, 0, ids, { tls: foreign }), { code: "PEERS_IDENTITY_MISMATCH" });
  await t.throwsAsync(node(t, 0, ids, { listen: { host: "192.0.2.1", port: 0 } }), { code: "PEERS_ADDRESS_UNUSABLE" });
  const lost = await node(t, 0, ids, { addresses: [null, "nonsense", null] });
  t.regex(lost.peers.status().peers[1]?.reason ?? "", /nonsense of g1 is not host:port/);
  t.regex(lost.peers.status().peers[2]?.reason ?? "", /no address is configured for g2/);
});

test("P1 the pin of a certificate is the SHA-256 of its key alone", async (t) => {
  const identity = await makeTlsIdentity("north");
  t.is(tlsPinOf(identity.cert), identity.pin);
  t.regex(identity.pin, /^[0-9a-f]{64}$/);
  t.not((await makeTlsIdentity("north")).pin, identity.pin);
});
