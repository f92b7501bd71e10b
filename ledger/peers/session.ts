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
/** P2: above this the oldest unfinished connection makes room. */
const MAX_UNGREETED = 128;

export type Peer = {
  readonly index: number;
  readonly gateway: string;
  link: Link | null;
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
  readonly hello: Hello;
  readonly peers: readonly Peer[];
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
  const { site, self } = options;
  const peers = site.gateways.map(({ name }, index): Peer => newPeer(index, name, self));
  const ungreeted = new Set<{ readonly destroy: () => void }>();
  const timers = new Set<NodeJS.Timeout>();
  let ended = false;

  return {
    options,
    peers,
    hello: helloOf(site, self),
    strangers: { count: 0, last: null },
    whoIs: (socket) => {
      const certificate = socket.getPeerX509Certificate();
      if (certificate === undefined) return null;
      const pin = tlsPinOf(certificate);
      return peers[site.gateways.findIndex((gateway, index) => index !== self && gateway.tlsPin === pin)] ?? null;
    },
    unfinished: (connection) => {
      ungreeted.add(connection);
      if (ungreeted.size > MAX_UNGREETED) ungreeted.values().next().value?.destroy();
      return () => void ungreeted.delete(connection);
    },
    later: (ms, act) => {
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
    },
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
  const { options, hello } = session;
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
    if (peer.link === null) peer.reason = notYet(peer.index, peer.gateway, session.options.self);
  });
}

function newPeer(index: number, gateway: string, self: number): Peer {
  const reason = notYet(index, gateway, self);
  const counts = { sentMessages: 0, receivedMessages: 0, droppedMessages: 0, timesUp: 0 };
  return { index, gateway, link: null, reason, unwelcome: null, ...counts };
}

function notYet(index: number, gateway: string, self: number): string {
  return index < self ? `waiting for ${gateway} to dial` : "not dialled yet";
}

function helloOf(site: PeersSite, self: number): Hello {
  const gateway = site.gateways[self]?.name ?? "";
  return { site: site.site, epoch: site.epoch, configHash: site.configHash, gateway };
}
