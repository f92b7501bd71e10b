/** P9: links while the configuration changes. */
import test from "ava";
import type { PeersOptions, TlsIdentity } from "../../ledger/peers/index.ts";
import { addressOf, identities, node, siteOf, until } from "./links.ts";

type PeersSite = PeersOptions["site"];

const next = (ids: readonly TlsIdentity[], changes: Partial<PeersSite> = {}): PeersSite =>
  siteOf(ids, { epoch: 2, configHash: "cd".repeat(32), ...changes });

test("P1, P9 a gateway that joins dials everybody, is a stranger until it is in the configuration, and disturbs no link", async (t) => {
  const ids = await identities(3);
  const [zero, one] = ids as [TlsIdentity, TlsIdentity, TlsIdentity];
  const founders = { site: siteOf([zero, one]), founders: 2 };
  const second = await node(t, 1, ids, founders);
  const first = await node(t, 0, ids, { ...founders, addresses: [null, addressOf(second)] });
  await until(() => first.heard.ups.length === 1 && second.heard.ups.length === 1);
  const joined = await node(t, 2, ids, {
    site: next(ids),
    founders: 2,
    addresses: [addressOf(first), addressOf(second), null],
  });
  await until(() => first.peers.status().strangers > 0);
  t.is(joined.heard.ups.length, 0);
  first.peers.reconfigure(next(ids), zero);
  await until(() => joined.heard.ups.includes(0) && first.heard.ups.includes(2));
  second.peers.reconfigure(next(ids), one);
  await until(() => joined.heard.ups.includes(1));
  t.deepEqual(first.heard.downs, []);
  t.true(first.peers.send(2, new Uint8Array([7])));
  await until(() => joined.heard.messages.length === 1);
});

test("P9 a link with a key that was changed stays for a while, and the new key is let in at once", async (t) => {
  const [zero, one, again] = (await identities(3)) as [TlsIdentity, TlsIdentity, TlsIdentity];
  const ids = [zero, one];
  const accepting = await node(t, 1, ids, { outgoingMs: 400 });
  const dialling = await node(t, 0, ids, { addresses: [null, addressOf(accepting)] });
  await until(() => accepting.heard.ups.length === 1);
  const site = next([again, one]);
  accepting.peers.reconfigure(site, one);
  t.is(accepting.peers.status().peers[0]?.state, "up");
  dialling.peers.reconfigure(site, again);
  await until(() => accepting.heard.downs.some(({ reason }) => /not of the site any more/.test(reason)));
  await until(() => accepting.heard.ups.length === 2);
  t.true(accepting.peers.send(0, new Uint8Array([1])));
  await until(() => dialling.heard.messages.length === 1);
});

test("P9 who answers shows the key in force after a change", async (t) => {
  const [zero, one, again] = (await identities(3)) as [TlsIdentity, TlsIdentity, TlsIdentity];
  const accepting = await node(t, 1, [zero, one]);
  const site = next([zero, again]);
  accepting.peers.reconfigure(site, again);
  const dialling = await node(t, 0, [zero, again], { site, addresses: [null, addressOf(accepting)] });
  await until(() => dialling.heard.ups.length === 1);
  t.pass();
});

test("P9 a gateway that has left loses its link after a while and is a stranger from then on", async (t) => {
  const ids = await identities(2);
  const [zero, one] = ids as [TlsIdentity, TlsIdentity];
  const accepting = await node(t, 1, ids, { outgoingMs: 300 });
  const leaving = await node(t, 0, ids, { addresses: [null, addressOf(accepting)] });
  await until(() => accepting.heard.ups.length === 1 && leaving.heard.ups.length === 1);
  const gateways = [
    { name: "g0", tlsPin: zero.pin, left: true as const },
    { name: "g1", tlsPin: one.pin },
  ];
  accepting.peers.reconfigure(next(ids, { gateways }), one);
  t.true(leaving.peers.send(1, new Uint8Array([9])));
  await until(() => accepting.heard.messages.length === 1);
  await until(() => accepting.heard.downs.length === 1);
  await until(() => accepting.peers.status().strangers > 0);
  t.is(accepting.heard.ups.length, 1);
});
