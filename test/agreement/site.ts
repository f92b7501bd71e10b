/** Several gateways' agreement and the messages between them, delivered in order unless a test withholds them. */
import type { Effect, Input } from "../../ledger/agreement/index.ts";
import { decode } from "../../ledger/cbor/index.ts";
import { type Driven, gateway, SIZE } from "./gateway.ts";
import { type Message, readBlock, storedCertificate } from "../../ledger/message/index.ts";

export type Letter = { readonly from: number; readonly to: number; readonly message: Message };

export type Site = {
  readonly gateways: Driven[];
  /** Every block delivered by each gateway, as view and hash, oldest first. */
  readonly logs: readonly string[][];
  readonly effects: readonly (Effect & { readonly by: number })[];
  readonly input: (to: number, input: Input) => void;
  /** A message from outside, or from a gateway that the test plays. */
  readonly post: (letter: Letter) => void;
  /** Delivers everything that `passes` until nothing is on its way; what does not pass is lost. */
  readonly deliver: (passes?: (letter: Letter) => boolean) => void;
  /** All clocks move on by so much and ring. `deliver` still has to be called. */
  readonly wait: (ms: number) => void;
};

/** `absent` gateways do nothing by themselves: a test may speak for them. */
export function makeSite(absent: readonly number[] = []): Site {
  const gateways = Array.from({ length: SIZE }, (_, index) => gateway(index));
  const logs = gateways.map((): string[] => []);
  const effects: (Effect & { by: number })[] = [];
  let letters: Letter[] = [];
  let nowMs = 1000;

  function input(to: number, given: Input): void {
    const driven = gateways[to];
    if (driven === undefined || absent.includes(to)) return;
    for (const effect of driven.step(given)) {
      effects.push({ ...effect, by: to });
      if (effect.kind === "finalize")
        for (const { hash, block } of effect.blocks) logs[to]?.push(`${block.view} ${hash}`);
      if (effect.kind === "serveFinalized") {
        const message = finalizedAfter(driven, effect.after);
        if (message !== null) letters.push({ from: to, to: effect.to, message });
      }
      if (effect.kind !== "send") continue;
      for (let peer = 0; peer < SIZE; peer += 1) {
        if (peer !== to && (effect.to === "all" || effect.to === peer))
          letters.push({ from: to, to: peer, message: effect.message });
      }
    }
  }

  return {
    gateways,
    logs,
    effects,
    input,
    post: (letter) => void letters.push(letter),
    deliver: (passes = () => true) => {
      for (let letter = letters.shift(); letter !== undefined; letter = letters.shift()) {
        if (passes(letter)) input(letter.to, { kind: "message", from: letter.from, message: letter.message });
      }
    },
    wait: (ms) => {
      nowMs += ms;
      for (const [index, driven] of gateways.entries()) {
        driven.setClock(nowMs);
        input(index, { kind: "wake" });
      }
    },
  };
}

/** What the replica's streams read from the store: here, from what the gateway persisted. */
function finalizedAfter(driven: Driven, after: number): Message | null {
  const finalized = driven.writes.filter((write) => write.kind === "finalized");
  const last = finalized.at(-1);
  if (last === undefined) return null;
  const chain = finalized.flatMap((write) => write.chain).filter(({ view }) => view > after);
  const blocks = chain.map(({ bytes }) => {
    const decoded = decode(bytes);
    if (decoded.kind === "reject") throw new Error(decoded.reason);
    return readBlock(decoded.value);
  });
  return { kind: "finalized", blocks, finalization: storedCertificate(last.finalization) };
}
