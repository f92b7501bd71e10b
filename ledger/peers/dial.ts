import { connect } from "node:tls";
import { show } from "./hello.ts";
import { HANDSHAKE_MS, type Peer, runLink, type Session } from "./session.ts";

/** P7: first and longest pause between two attempts. */
const REDIAL_FIRST_MS = 100;
const REDIAL_LAST_MS = 2_000;

/** P1: keeps a link to a gateway that this one dials until the session ends. */
export function dialPeer(session: Session, peer: Peer, attempt = 0): void {
  const address = session.options.addresses[peer.index] ?? null;
  if (address === null) {
    peer.reason = `no address is configured for ${peer.gateway}`;
    return;
  }
  if (peer.unwelcome !== null) {
    session.later(REDIAL_LAST_MS, () => dialPeer(session, peer));
    return;
  }
  const target = parseAddress(address);
  if (target === null) {
    peer.reason = `the address ${address} of ${peer.gateway} is not host:port`;
    return;
  }
  dialOnce(session, peer, { ...target, address }, (wasUp) => {
    const next = wasUp ? 0 : attempt + 1;
    session.later(redialMs(next), () => dialPeer(session, peer, next));
  });
}

type Target = { readonly host: string; readonly port: number; readonly address: string };

function dialOnce(session: Session, peer: Peer, target: Target, over: (wasUp: boolean) => void): void {
  const { address } = target;
  const socket = connect({
    host: target.host,
    port: target.port,
    ...session.tls(),
    minVersion: "TLSv1.3",
    // P2: no authority is asked, because the pin decides alone, below.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
  let handedOver = false;
  const settle = (): void => {
    handedOver = true;
    patience();
    settled();
  };
  const fail = (reason: string): void => {
    if (handedOver) return;
    settle();
    socket.destroy();
    peer.reason = reason;
    over(false);
  };
  const settled = session.unfinished(socket);
  const patience = session.later(HANDSHAKE_MS, () => fail(`${address} did not answer within ${HANDSHAKE_MS / 1000} s`));
  socket.on("error", (error) => fail(`${address} cannot be reached: ${show(error.message)}`));
  socket.on("close", () => fail(`${address} closed the connection`));
  socket.on("secureConnect", () => {
    if (session.whoIs(socket) !== peer) {
      return fail(
        `${address} does not show the TLS key that the site pins for ${peer.gateway}: correct the address or the pin`,
      );
    }
    settle();
    runLink(session, peer, socket, over);
  });
}

/** P7: doubles up to the last; the random quarter either way keeps gateways that fell together from dialling together. */
function redialMs(attempt: number): number {
  const base = Math.min(REDIAL_LAST_MS, REDIAL_FIRST_MS * 2 ** Math.min(attempt, 10));
  return base * (0.75 + Math.random() / 2);
}

function parseAddress(address: string): { readonly host: string; readonly port: number } | null {
  const matched = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/i.exec(address);
  const host = matched?.[1] ?? matched?.[2];
  const port = Number(matched?.[3]);
  return host === undefined || !(port >= 1 && port <= 65_535) ? null : { host, port };
}
