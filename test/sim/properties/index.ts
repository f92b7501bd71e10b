/** Everything that is watched while a site runs. A property that fails is told at once, and the run ends there. */
import type { GatewayIndex } from "../../../ledger/committee/index.ts";
import { courtOf } from "../../../ledger/evidence/index.ts";
import { committeeOf } from "../../../ledger/replica/committee-of.ts";
import type { Accusation, Replica } from "../../../ledger/replica/index.ts";
import type { Execution, Write } from "../../../ledger/store/port.ts";
import type { SimulatedSite } from "../site.ts";
import { type Sizes, watchBounds } from "./bounds.ts";
import { watchChain } from "./chain.ts";
import { type Context, nameOf, quorumFor } from "./context.ts";
import { watchLanes } from "./lanes.ts";
import { watchProof } from "./proof.ts";
import { watchWire } from "./wire.ts";
import { watchWords } from "./words.ts";

export type Watch = {
  readonly isLiar: (gateway: GatewayIndex) => boolean;
  readonly started: (gateway: GatewayIndex) => void;
  /** These writes are on the disk of this gateway now. */
  readonly durable: (gateway: GatewayIndex, writes: readonly Write[]) => void;
  /** A gateway signed these bytes, for whatever. */
  readonly signed: (gateway: GatewayIndex, message: Uint8Array) => void;
  readonly sent: (gateway: GatewayIndex, bytes: Uint8Array) => void;
  readonly executed: (gateway: GatewayIndex, execution: Extract<Execution, { kind: "executed" }>) => void;
  readonly accepted: (gateway: GatewayIndex, number: number, item: string) => void;
  readonly accused: (by: GatewayIndex, accusation: Accusation) => void;
  /** The replica has done something. */
  readonly touched: (gateway: GatewayIndex, replica: Replica | null) => void;
  readonly violated: (property: string, text: string) => void;
  readonly violations: () => readonly string[];
  readonly peaks: () => Sizes;
};

const MOST_VIOLATIONS = 20;
const LOOKS_A_STATUS = 16;

/** `liars`: attacked, or brought back with an old disk: nothing is promised about them. */
export function watch(site: SimulatedSite, liars: ReadonlySet<GatewayIndex>): Watch {
  const committee = committeeOf({ site: site.site, self: 0, keys: site.keys(0), verify: site.verify });
  const violations: string[] = [];
  const violated = (property: string, text: string) => {
    if (violations.length < MOST_VIOLATIONS) violations.push(`${property}: ${text}`);
  };
  const isLiar = (gateway: GatewayIndex) => liars.has(gateway);
  const context: Context = { committee, quorum: quorumFor(committee.size), isLiar, violated };
  const proof = watchProof(context);
  const lanes = watchLanes(context);
  const chain = watchChain(context, lanes);
  const words = watchWords(
    context,
    courtOf(site.site, () => null, site),
  );
  const wire = watchWire(context, { proof, lanes, chain, words });
  const bounds = watchBounds(context);
  let touches = 0;

  return {
    isLiar,
    violated,
    violations: () => violations,
    peaks: bounds.peaks,
    started: chain.started,
    durable: (gateway, writes) => {
      if (isLiar(gateway)) return;
      for (const write of writes) {
        wire.durable(gateway, write);
        lanes.durable(gateway, write);
        proof.durable(gateway, write);
        chain.durable(gateway, write);
      }
    },
    signed: (gateway, message) => {
      if (!isLiar(gateway)) return chain.signed(gateway, message);
      proof.signed(gateway, message);
      lanes.signed(gateway, message);
    },
    sent: (gateway, bytes) => (isLiar(gateway) ? undefined : wire.sent(gateway, bytes)),
    executed: (gateway, execution) => (isLiar(gateway) ? undefined : chain.executed(gateway, execution)),
    accepted: (gateway, number, item) => (isLiar(gateway) ? undefined : lanes.accepted(gateway, number, item)),
    accused: (by, { fault, gateway, about }) => {
      if (!isLiar(by) && !isLiar(gateway))
        violated("evidence", `${nameOf(by)} accuses ${nameOf(gateway)}, which is honest, of ${fault}: ${about}`);
    },
    touched: (gateway, replica) => {
      if (replica === null || isLiar(gateway)) return;
      bounds.touched(gateway, replica);
      touches += 1;
      if (touches % LOOKS_A_STATUS === 0) bounds.queues(gateway, replica);
    },
  };
}
