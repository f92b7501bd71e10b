/** What gateways of the simulated site tell each other about offences, true as it stands: for tests that spoil it. */
import { encodeEvidence, type EvidenceMessage, type Offence } from "../../ledger/evidence/index.ts";
import { sealMessage } from "../../ledger/replica/wire.ts";
import { voteOf } from "../agreement/gateway.ts";
import { hashOfText } from "../committee/fake.ts";
import { ackOf, bundleOf } from "../lane/gateway.ts";
import { simulatedSite } from "../sim/site.ts";

const SIZE = 4;

/** Evidence against a gateway of the simulated site of four. */
export function fileAgainst(gateway: number, offence: Offence): Uint8Array {
  const { site } = simulatedSite(SIZE);
  const { epoch, configHash, gateways } = site;
  return encodeEvidence({ site: site.site, epoch, configHash, gateway: gateways[gateway]?.name ?? "", offence });
}

export function twoVotes(voter: number, view = 1): Uint8Array {
  const ballot = (text: string) => {
    const hash = hashOfText(text);
    return { kind: "notarize", hash, signature: voteOf(voter, { kind: "notarize", view, hash }).signature } as const;
  };
  return fileAgainst(voter, { kind: "two-votes", view, votes: [ballot("a"), ballot("b")] });
}

/** One of each kind, and evidence of several faults. */
export function evidenceLetters(): readonly Uint8Array[] {
  const lane = 2;
  const bundles = ["one", "other"].map((item) => bundleOf(lane, 0, "0".repeat(64), item).cose);
  const acks = ["one", "other"].map((text) => {
    const hash = hashOfText(text);
    return { hash, signature: ackOf(1, lane, 0, hash).signature };
  });
  const [one, other] = [bundles[0] as Uint8Array, bundles[1] as Uint8Array];
  const [first, second] = [acks[0] as (typeof acks)[number], acks[1] as (typeof acks)[number]];
  const files = [
    twoVotes(1),
    fileAgainst(lane, { kind: "two-bundles", bundles: [one, other] }),
    fileAgainst(1, { kind: "two-acks", lane, number: 0, acks: [first, second] }),
  ];
  const messages: readonly EvidenceMessage[] = [
    ...files.map((file) => ({ kind: "evidence", file }) as const),
    { kind: "heardBundle", cose: one },
    { kind: "heardProposal", view: 1, hash: first.hash, leader: 1, signature: first.signature },
  ];
  return messages.map((message) => sealMessage({ layer: "evidence", message }));
}
