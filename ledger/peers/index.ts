/** Mutually authenticated TLS links between the gateways of a site. The rules are in README.md. */
export { PeersFailure, type PeersFailureCode } from "./failures.ts";
export type { PeerStatus, PeersOptions, PeersSite, PeersStatus } from "./options.ts";
export { type Peers, startPeers } from "./peers.ts";
export { makeTlsIdentity, type TlsIdentity, tlsPinOf } from "./tls-identity.ts";
