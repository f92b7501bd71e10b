import { acceptPeers } from "./accept.ts";
import { dialPeer } from "./dial.ts";
import { PeersFailure } from "./failures.ts";
import type { PeersOptions, PeersSite, PeersStatus, PeerStatus } from "./options.ts";
import { cutOff, openSession, type Peer, type Session } from "./session.ts";
import { tlsPinOf } from "./tls-identity.ts";

export type Peers = {
  /** Best effort (P6): false when it was dropped. Throws RangeError above 1 MiB. */
  readonly send: (to: number, bytes: Uint8Array) => boolean;
  /** P8: for so long there is no link to this peer; it is told why. */
  readonly cutOff: (peer: number, forMs: number, reason: string) => void;
  readonly queuedBytes: (to: number) => number;
  /** P9: another configuration is in force; the other links stay up. */
  readonly reconfigure: (site: PeersSite, tls: PeersOptions["tls"]) => void;
  readonly status: () => PeersStatus;
  readonly close: () => Promise<void>;
};

/** Starts listening and dialling. Throws PeersFailure PEERS_PORT_BUSY, PEERS_ADDRESS_UNUSABLE, PEERS_IDENTITY_MISMATCH. */
export async function startPeers(options: PeersOptions): Promise<Peers> {
  const { site, self } = options;
  const me = site.gateways[self];
  if (me === undefined)
    throw new RangeError(`gateway ${self} is not among the site's ${site.gateways.length} gateways`);
  const ours = tlsPinOf(options.tls.cert);
  if (ours !== me.tlsPin) {
    throw new PeersFailure("PEERS_IDENTITY_MISMATCH", { gateway: me.name, ours, pinned: me.tlsPin });
  }

  const session = openSession(options);
  const acceptor = await acceptPeers(session);
  for (const peer of session.peers) if (session.dials(peer.index)) dialPeer(session, peer);

  return {
    send: (to, bytes) => {
      const peer = peerOf(session, to);
      const sent = peer.link?.send(bytes) ?? false;
      if (sent) peer.sentMessages += 1;
      else peer.droppedMessages += 1;
      return sent;
    },
    queuedBytes: (to) => peerOf(session, to).link?.queuedBytes() ?? 0,
    cutOff: (index, forMs, reason) => cutOff(session, peerOf(session, index), forMs, reason),
    reconfigure: (next, tls) => {
      const joined = session.reconfigure(next, tls);
      acceptor.renew();
      for (const peer of joined) if (session.dials(peer.index)) dialPeer(session, peer);
    },
    status: () => ({
      listening: acceptor.listening,
      strangers: session.strangers.count,
      lastStranger: session.strangers.last,
      peers: session.peers.map((peer) => statusOf(peer, self)),
    }),
    close: async () => {
      session.end();
      await acceptor.close();
    },
  };
}

function peerOf({ peers, options: { self } }: Session, index: number): Peer {
  const peer = peers[index];
  if (peer === undefined || index === self) throw new RangeError(`gateway ${index} is not a peer of gateway ${self}`);
  return peer;
}

function statusOf(peer: Peer, self: number): PeerStatus {
  const state = peer.index === self ? "self" : peer.link === null ? "down" : "up";
  return {
    gateway: peer.gateway,
    state,
    reason: state === "down" ? peer.reason : null,
    sentMessages: peer.sentMessages,
    receivedMessages: peer.receivedMessages,
    queuedBytes: peer.link?.queuedBytes() ?? 0,
    droppedMessages: peer.droppedMessages,
    timesUp: peer.timesUp,
  };
}
