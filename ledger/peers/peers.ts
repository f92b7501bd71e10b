import { acceptPeers } from "./accept.ts";
import { dialPeer } from "./dial.ts";
import { PeersFailure } from "./failures.ts";
import type { PeersOptions, PeersStatus, PeerStatus } from "./options.ts";
import { openSession, type Peer } from "./session.ts";
import { tlsPinOf } from "./tls-identity.ts";

export type Peers = {
  /** Best effort (P6): false when it was dropped. Throws RangeError above 16 MiB. */
  readonly send: (to: number, bytes: Uint8Array) => boolean;
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
  for (const peer of session.peers) if (peer.index > self) dialPeer(session, peer);

  return {
    send: (to, bytes) => {
      const peer = session.peers[to];
      if (peer === undefined || to === self) throw new RangeError(`gateway ${to} is not a peer of gateway ${self}`);
      const sent = peer.link?.send(bytes) ?? false;
      if (sent) peer.sentMessages += 1;
      else peer.droppedMessages += 1;
      return sent;
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
