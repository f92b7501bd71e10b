/** E3 to E6: what a third party does with evidence. */
import { isSameContent, openBundle } from "../bundle/index.ts";
import { type GatewayIndex, type SignedKind, signedBytes } from "../committee/index.ts";
import { parseCheckpoint, parseNote } from "../log/index.ts";
import { type Court, type EvidenceCheck, strangeness } from "./court.ts";
import type { Ballot, Fault, Offence, Shown, SignedHash } from "./evidence.ts";
import { falsehoodOf, openShown } from "./falsehood.ts";
import { openEvidence } from "./format.ts";

export type VerifiedEvidence =
  /** `deed` completes the sentence that begins with the gateway's name. */
  | { readonly kind: "valid"; readonly gateway: string; readonly fault: Fault; readonly deed: string }
  | { readonly kind: "invalid"; readonly check: EvidenceCheck; readonly reason: string };

type Finding =
  | { readonly kind: "proven"; readonly deed: string }
  | { readonly kind: "unproven"; readonly check: EvidenceCheck; readonly reason: string };

/** E3: whether the file proves what it says. `courtAt` has the configuration of an epoch, null when it knows of none. Never throws. */
export function verifyEvidence(bytes: Uint8Array, courtAt: (epoch: number) => Court | null): VerifiedEvidence {
  const opened = openEvidence(bytes);
  if (opened.kind === "reject") return invalid("format", opened.reason);
  const { site, epoch, configHash, gateway, offence } = opened.evidence;
  const court = courtAt(epoch);
  if (court === null) return invalid("site", `it is of epoch ${epoch}, which the site file does not have`);
  if (site !== court.site) return invalid("site", `it is of site ${site}, not ${court.site}`);
  if (configHash !== court.configHash)
    return invalid("site", "it was made under another configuration than that of the site file");
  const accused = court.names.indexOf(gateway);
  if (accused === -1) return invalid("gateway", `the site has no gateway ${gateway}`);
  const finding = judge(court, accused, offence);
  if (finding.kind === "unproven") return invalid(finding.check, finding.reason);
  return { kind: "valid", gateway, fault: offence.kind, deed: plain(finding.deed) };
}

function judge(court: Court, accused: GatewayIndex, offence: Offence): Finding {
  switch (offence.kind) {
    case "two-proposals":
      return judgeTwoHashes(court, accused, "propose", [offence.view], offence.proposals, () =>
        proven(`proposed two different blocks in view ${offence.view}`),
      );
    case "two-acks": {
      const { lane, number, acks } = offence;
      const owner = court.names[lane];
      if (owner === undefined) return unproven("offence", `the site has no lane ${lane}`);
      return judgeTwoHashes(court, accused, "ack", [lane, number], acks, () =>
        proven(`acknowledged two different bundles numbered ${number} of ${owner}`),
      );
    }
    case "two-votes":
      return judgeTwoVotes(court, accused, offence.view, offence.votes);
    case "two-bundles":
      return judgeTwoBundles(court, accused, offence.bundles);
    case "two-logs":
      return judgeTwoLogs(court, accused, offence.notes);
    case "false-bundle":
      return judgeFalseBundle(court, accused, offence.shown);
    case "false-ack":
      return judgeFalseAck(court, accused, offence.signature, offence.shown);
  }
}

function judgeTwoHashes(
  court: Court,
  accused: GatewayIndex,
  kind: SignedKind,
  numbers: readonly number[],
  pair: readonly SignedHash[],
  then: () => Finding,
): Finding {
  for (const { hash, signature } of pair)
    if (!court.verify(accused, signedBytes(court, kind, numbers, hash), signature)) return unsigned(court, accused);
  if (pair[0]?.hash === pair[1]?.hash)
    return unproven("offence", "both signatures are over the same, which is no offence");
  return then();
}

function judgeTwoVotes(court: Court, accused: GatewayIndex, view: number, votes: readonly Ballot[]): Finding {
  for (const { kind, hash, signature } of votes)
    if (!court.verify(accused, signedBytes(court, kind, [view], hash), signature)) return unsigned(court, accused);
  const [first, second] = votes;
  if (first === undefined || second === undefined) return unproven("offence", "it does not have two votes");
  const kinds = [first.kind, second.kind].sort().join(" ");
  switch (kinds) {
    // A6: Finalize excludes Nullify and the other way round. Notarize goes with either.
    case "finalize nullify":
      return proven(`voted both to finalize and to nullify view ${view}`);
    case "finalize finalize":
    case "notarize notarize":
      if (first.hash === second.hash) return unproven("offence", "both votes are the same, which is no offence");
      return proven(`voted to ${first.kind} two different blocks in view ${view}`);
    default:
      return unproven("offence", `an honest gateway may vote ${kinds.replace(" ", " and ")} in one view`);
  }
}

function judgeTwoBundles(court: Court, accused: GatewayIndex, coses: readonly Uint8Array[]): Finding {
  const [first, second] = coses.map((cose) => openBundle(cose, null));
  if (first?.kind !== "accept" || second?.kind !== "accept") return unproven("format", "a bundle in it cannot be read");
  for (const { bundle, signed, signature } of [first, second]) {
    const stranger = strangeness(court, accused, bundle.header);
    if (stranger !== null) return unproven("site", stranger);
    if (!court.verify(accused, signed, signature)) return unsigned(court, accused);
  }
  const { number } = first.bundle.header;
  if (second.bundle.header.number !== number) return unproven("offence", "the bundles have different numbers");
  if (isSameContent(first.bundle.cose, second.bundle.cose))
    return unproven("offence", "the bundles differ in their signatures alone, which is no offence");
  return proven(`signed two different bundles numbered ${number}`);
}

function judgeTwoLogs(court: Court, accused: GatewayIndex, texts: readonly string[]): Finding {
  const logs: { readonly size: number; readonly root: string }[] = [];
  for (const text of texts) {
    const parsed = parseNote(text);
    const checkpoint = parsed.kind === "accept" ? parseCheckpoint(parsed.note.body) : parsed;
    if (parsed.kind === "reject" || checkpoint.kind === "reject")
      return unproven("format", "a checkpoint in it cannot be read");
    if (checkpoint.checkpoint.origin !== court.origin)
      return unproven("site", `a checkpoint in it is of log ${checkpoint.checkpoint.origin}, not ${court.origin}`);
    if (!court.cosigned(accused, parsed.note)) return unsigned(court, accused);
    logs.push(checkpoint.checkpoint);
  }
  const [first, second] = logs;
  if (first?.size !== second?.size) return unproven("offence", "the checkpoints are of different sizes");
  if (first?.root === second?.root)
    return unproven("offence", "the checkpoints are of the same log, which is no offence");
  return proven(`cosigned two different logs of ${first?.size} bundles`);
}

function judgeFalseBundle(court: Court, owner: GatewayIndex, shown: readonly Shown[]): Finding {
  const opened = openShown(court, owner, shown);
  if (opened.kind === "reject") return unproven(opened.check, opened.reason);
  const falsehood = falsehoodOf(court, owner, opened.bundles);
  if (falsehood === null) return unproven("offence", "nothing in what it shows breaks a rule");
  return proven(`signed bundle ${opened.last.header.number}, in which ${falsehood}`);
}

function judgeFalseAck(court: Court, accused: GatewayIndex, signature: Uint8Array, shown: readonly Shown[]): Finding {
  const owner = ownerOf(court, shown);
  if (owner === -1) return unproven("format", "the acknowledged bundle cannot be read or is of no gateway of the site");
  const opened = openShown(court, owner, shown);
  if (opened.kind === "reject") return unproven(opened.check, opened.reason);
  const { header, hash } = opened.last;
  if (!court.verify(accused, signedBytes(court, "ack", [owner, header.number], hash), signature))
    return unsigned(court, accused);
  const falsehood = falsehoodOf(court, owner, opened.bundles);
  if (falsehood === null) return unproven("offence", "nothing in the acknowledged bundle breaks a rule");
  return proven(`acknowledged bundle ${header.number} of ${header.gateway}, in which ${falsehood}`);
}

function ownerOf(court: Court, shown: readonly Shown[]): GatewayIndex {
  const last = shown.at(-1);
  const opened = last === undefined ? null : openBundle(last.cose, null);
  return opened?.kind === "accept" ? court.names.indexOf(opened.bundle.header.gateway) : -1;
}

function proven(deed: string): Finding {
  return { kind: "proven", deed };
}

function unproven(check: EvidenceCheck, reason: string): Finding {
  return { kind: "unproven", check, reason };
}

function unsigned(court: Court, accused: GatewayIndex): Finding {
  return unproven("signatures", `the key of ${court.names[accused]} did not sign what is shown`);
}

function invalid(check: EvidenceCheck, reason: string): VerifiedEvidence {
  return { kind: "invalid", check, reason: plain(reason) };
}

/** What the accused wrote ends up on terminals and pages: printable ASCII, and not a novel. */
function plain(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 500);
}
