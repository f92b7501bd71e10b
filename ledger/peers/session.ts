import type { TLSSocket } from "node:tls";
import { checkHello, encodeHello, type Hello } from "./hello.ts";
import { type Link, openLink } from "./link.ts";
import type { PeersOptions, PeersSite } from "./options.ts";
import { tlsPinOf } from "./tls-identity.ts";

/** A peer has this long for the TLS handshake, and again for its hello. */
export const HANDSHAKE_MS = 5_000;
/** P6: of one peer, and of all. */
const QUEUE_BYTES = 16 * 1024 * 1024;
const ALL_QUEUES_BYTES = 256 * 1024 * 1024;
/** P9: who had no news of its new key, or of having left, may still hear of it on a link. */
const OUTGOING_MS = 60_000;
/** P2: above this the oldest unfinished connection makes room. */
const MAX_UNGREETED = 128;

export type Peer = {
  readonly index: number;
  readonly gateway: string;
  link: Link | null;
  /** That it has shown last. */
  pin: string | null;
  reason: string;
  /** P8: why it is cut off; null = it is welcome. */
  unwelcome: string | null;
  sentMessages: number;
  receivedMessages: number;
  droppedMessages: number;
  timesUp: number;
};

/** What the dialling and the accepting side share. Owns every timer and every connection that has not said hello. */
export type Session = {
  readonly options: PeersOptions;
  /** P9: those of the configuration in force. */
  readonly hello: () => Hello;
  readonly tls: () => PeersOptions["tls"];
  readonly peers: readonly Peer[];
  /** P1: this gateway dials that one. */
  readonly dials: (peer: number) => boolean;
  /** P9: another configuration is in force. Answers the gateways that are new. */
  readonly reconfigure: (site: PeersSite, tls: PeersOptions["tls"]) => readonly Peer[];
  readonly strangers: { count: number; last: string | null };
  /** P2: the gateway whose pinned key the other side has proven to hold; null for a stranger. */
  readonly whoIs: (socket: TLSSocket) => Peer | null;
  /** Counts a connection as unfinished until the returned function is called. */
  readonly unfinished: (connection: { readonly destroy: () => void }) => () => void;
  /** Runs once after `ms` unless cancelled or the session ends. */
  readonly later: (ms: number, act: () => void) => () => void;
  readonly ended: () => boolean;
  readonly end: () => void;
};

export function openSession(options: PeersOptions): Session {
  const { self, founders = options.site.gateways.length } = options;
  let { site, tls } = options;
  /** P9: pins that are let in for a while after they were changed. */
  const outgoing = new Map<string, number>();
  const dials = (peer: number): boolean => (Math.max(peer, self) < founders ? peer > self : peer < self);
  const peers: Peer[] = site.gateways.map(({ name }, index) => newPeer(index, name, dials(index)));
  const ungreeted = new Set<{ readonly destroy: () => void }>();
  const timers = new Set<NodeJS.Timeout>();
  let ended = false;

  function later(ms: number, act: () => void): () => void {
    if (ended) return () => undefined;
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, ms);
    timers.add(timer);
    return () => {
      clearTimeout(timer);
      timers.delete(timer);
    };
  }

  return {
    options,
    peers,
    dials,
    hello: () => helloOf(site, self),
    tls: () => tls,
    reconfigure: (next, ownTls) => {
      const before = site;
      site = next;
      tls = ownTls;
      const joined = next.gateways
        .slice(peers.length)
        .map(({ name }, at) => newPeer(peers.length + at, name, dials(peers.length + at)));
      peers.push(...joined);
      for (const [index, { tlsPin, left }] of before.gateways.entries()) {
        const after = next.gateways[index];
        if (index === self || left || (after?.tlsPin === tlsPin && !after.left)) continue;
        outgoing.set(tlsPin, index);
        later(options.outgoingMs ?? OUTGOING_MS, () => {
          outgoing.delete(tlsPin);
          const peer = peers[index];
          if (peer?.pin === tlsPin) peer.link?.close("its key is not of the site any more");
        });
      }
      return joined;
    },
    strangers: { count: 0, last: null },
    whoIs: (socket) => {
      const certificate = socket.getPeerX509Certificate();
      if (certificate === undefined) return null;
      const pin = tlsPinOf(certificate);
      const isPinned = ({ tlsPin, left }: PeersSite["gateways"][number], index: number): boolean =>
        index !== self && !left && tlsPin === pin;
      const peer = peers[site.gateways.findIndex(isPinned)] ?? peers[outgoing.get(pin) ?? -1] ?? null;
      if (peer !== null) peer.pin = pin;
      return peer;
    },
    unfinished: (connection) => {
      ungreeted.add(connection);
      if (ungreeted.size > MAX_UNGREETED) ungreeted.values().next().value?.destroy();
      return () => void ungreeted.delete(connection);
    },
    later,
    ended: () => ended,
    end: () => {
      ended = true;
      for (const peer of peers) peer.link?.close("this gateway is stopping");
      // Destroying may take an entry out of the set, which a Set's iterator allows.
      for (const connection of ungreeted) connection.destroy();
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}

/** Runs a link over a socket that has proven to be `peer`; `closed` is told whether the link ever was up. */
export function runLink(session: Session, peer: Peer, socket: TLSSocket, closed: (wasUp: boolean) => void): void {
  const { options } = session;
  const hello = session.hello();
  let wasUp = false;
  const settled = session.unfinished({
    destroy: () => link.close("other connections took its place before the hello"),
  });
  const patience = session.later(HANDSHAKE_MS, () =>
    link.close(`${peer.gateway} did not say hello within ${HANDSHAKE_MS / 1000} s`),
  );
  const settle = (): void => {
    settled();
    patience();
  };
  const link: Link = openLink(
    socket,
    {
      hello: encodeHello(hello),
      maxQueueBytes: options.maxQueueBytes ?? Math.min(QUEUE_BYTES, ALL_QUEUES_BYTES / session.peers.length),
      tickMs: options.tickMs ?? 1_000,
      judgeHello: (payload) => {
        const verdict = checkHello(payload, hello, peer.gateway);
        return verdict.kind === "accept" ? null : verdict.reason;
      },
      unwelcome: () => peer.unwelcome,
    },
    {
      up: () => {
        settle();
        // P1: the newest link wins. Its peer has proven the same key, so it knows that the old one is dead.
        peer.link?.close("the peer opened a new link");
        wasUp = true;
        peer.link = link;
        peer.timesUp += 1;
        options.events.up(peer.index);
      },
      message: (bytes) => {
        peer.receivedMessages += 1;
        options.events.message(peer.index, bytes);
      },
      misbehaved: (reason) => options.events.misbehaved(peer.index, reason),
      closed: (reason) => {
        settle();
        if (peer.link === null || peer.link === link) peer.reason = reason;
        if (peer.link === link) {
          peer.link = null;
          options.events.down(peer.index, reason);
        }
        closed(wasUp);
      },
    },
  );
}

/** P8: closes the link, and refuses every other one for so long. */
export function cutOff(session: Session, peer: Peer, forMs: number, reason: string): void {
  peer.unwelcome = reason;
  peer.reason = reason;
  peer.link?.dismiss(reason);
  session.later(forMs, () => {
    peer.unwelcome = null;
    if (peer.link === null) peer.reason = notYet(peer.gateway, session.dials(peer.index));
  });
}

function newPeer(index: number, gateway: string, dialled: boolean): Peer {
  const reason = notYet(gateway, dialled);
  const counts = { sentMessages: 0, receivedMessages: 0, droppedMessages: 0, timesUp: 0 };
  return { index, gateway, link: null, pin: null, reason, unwelcome: null, ...counts };
}

function notYet(gateway: string, dialled: boolean): string {
  return dialled ? "not dialled yet" : `waiting for ${gateway} to dial`;
}

function helloOf(site: PeersSite, self: number): Hello {
  const gateway = site.gateways[self]?.name ?? "";
  return { site: site.site, epoch: site.epoch, configHash: site.configHash, gateway };
}
