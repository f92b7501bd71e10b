/** Votes become certificates, certificates move the view: A2, A5, A7 (first half), A8, A9. */
import { type Committee, invariant, signaturesHold } from "../committee/index.ts";
import { bytesEqual } from "../crypto/index.ts";
import { type Certificate, encodeMessage, hashOf, type SignedVote, type Vote, voteBytes } from "../message/index.ts";
import { onViewClosed } from "./pace.ts";
import { relay } from "./relay.ts";
import { LEADERS_AHEAD, offerOwn, votersRoute } from "./routes.ts";
import { finalView, persist, roundOf, send, setRound, type Turn } from "./turn.ts";
import type { Round, State, Votes } from "./types.ts";

/** How far ahead of the current view votes are kept: at most this many views, one vote of a kind from each gateway. */
export const HORIZON_VIEWS = 64;

/**
 * Signs, persists, sends and counts an own vote. A9: the `persist` stands before the `send`. A8: never at or below W.
 * The callers hold the rest of the conditions (A4, A5, A6).
 */
export function castVote(turn: Turn, vote: Vote): void {
  const { committee } = turn;
  // C6: whoever only follows has nothing to say.
  if (!committee.member) return;
  invariant(vote.view > finalView(turn.state), `A8: no vote in view ${vote.view}, which is final`);
  const { sent } = roundOf(turn.state, vote.view);
  invariant(sent[vote.kind] === null, `a second ${vote.kind} in view ${vote.view}`);
  // The clause of `ok` in the safety proof that no other gateway can make up for (A5, A6).
  const excluded = vote.kind === "nullify" ? sent.finalize : vote.kind === "finalize" ? sent.nullify : null;
  invariant(excluded === null, `both nullify and finalize in view ${vote.view}`);
  const signed: SignedVote = { vote, voter: committee.self, signature: committee.sign(voteBytes(committee, vote)) };
  setRound(turn, vote.view, { sent: { ...sent, [vote.kind]: signed } });
  const message = { kind: "vote", vote: signed } as const;
  persist(turn, { kind: "vote", view: vote.view, vote: vote.kind, bytes: encodeMessage(message) });
  send(turn, votersRoute(turn, vote, 0), message);
  countVote(turn, signed);
}

/** Counts a vote whose signature holds. The first of each kind counts; a different second one is the witness's (E7). */
export function countVote(turn: Turn, signed: SignedVote): void {
  const { vote, voter } = signed;
  const { votes } = roundOf(turn.state, vote.view);
  if (votes[vote.kind][voter] !== undefined) return;
  const counted = withOwn(votes[vote.kind], signed);
  setRound(turn, vote.view, { votes: { ...votes, [vote.kind]: counted } });
  const agreeing = counted.flatMap((other) => (other && hashOf(other.vote) === hashOf(vote) ? [other] : []));
  if (agreeing.length < turn.committee.quorum) return;
  const signatures = agreeing.map((other) => ({ voter: other.voter, signature: other.signature }));
  acceptCertificate(turn, { vote, signatures }, true);
}

/** These votes and one more. */
export function withOwn(votes: Votes, signed: SignedVote): Votes {
  return Object.assign(votes.slice(), { [signed.voter]: signed });
}

/** Signatures that were checked when the vote itself came in are not checked again. */
export function certificateHolds(turn: Turn, { vote, signatures }: Certificate): boolean {
  const { committee } = turn;
  const counted = roundOf(turn.state, vote.view).votes[vote.kind];
  const verify: Committee["verify"] = (signer, message, signature) => {
    const known = counted[signer];
    const same = known !== undefined && hashOf(known.vote) === hashOf(vote) && bytesEqual(known.signature, signature);
    return same || committee.verify(signer, message, signature);
  };
  return signaturesHold({ ...committee, verify }, voteBytes(committee, vote), signatures, committee.quorum);
}

/** True when a vote or certificate adds nothing to what is held: then it need not be checked. */
export function isKnown(state: State, { kind, view }: Vote): boolean {
  if (view <= finalView(state)) return true;
  const { notarization, nullification } = roundOf(state, view);
  switch (kind) {
    case "notarize":
      return notarization !== null;
    case "nullify":
      return nullification !== null;
    case "finalize":
      return false;
  }
}

/**
 * Takes in a certificate that holds; `assembled` here from votes. Persisted, so that a power cut of the whole site cannot strand a
 * view (A9).
 */
export function acceptCertificate(turn: Turn, certificate: Certificate, assembled = false): void {
  const { vote } = certificate;
  if (isKnown(turn.state, vote)) return;
  const message = { kind: "certificate", certificate } as const;
  persist(turn, { kind: "certificate", view: vote.view, certificate: vote.kind, bytes: encodeMessage(message) });
  // A2: relayed once; late ones for views already left help nobody.
  if (vote.view >= turn.state.view || vote.kind === "finalize") relay(turn, certificate, assembled);
  switch (vote.kind) {
    case "notarize":
      setRound(turn, vote.view, closed(turn, vote.view, { notarization: certificate }));
      enterAfter(turn, certificate);
      return sendFinalize(turn, vote);
    case "nullify":
      setRound(turn, vote.view, closed(turn, vote.view, { nullification: certificate }));
      return enterAfter(turn, certificate);
    case "finalize":
      enterAfter(turn, certificate);
      return raiseFinal(turn, certificate);
  }
}

function closed(turn: Turn, view: number, change: Partial<Round>): Partial<Round> {
  return { ...change, closedAtMs: roundOf(turn.state, view).closedAtMs ?? turn.nowMs };
}

/** A2: any certificate for the current view or a later one leads into the next. */
function enterAfter(turn: Turn, { vote }: Certificate): void {
  if (vote.view < turn.state.view) return;
  onViewClosed(turn, vote);
  const known = turn.state.view + LEADERS_AHEAD;
  turn.state = { ...turn.state, view: vote.view + 1, attempt: 0, enteredAtMs: turn.nowMs };
  offerOwn(turn, Math.max(known, vote.view + 1));
}

/** A5: only if Nullify(v) was never sent. The round is kept until v is final, so the record cannot have been pruned. */
function sendFinalize(turn: Turn, { view, hash }: Extract<Vote, { kind: "notarize" }>): void {
  const { sent } = roundOf(turn.state, view);
  if (sent.nullify !== null || sent.finalize !== null) return;
  castVote(turn, { kind: "finalize", view, hash });
}

/** A7: W := v. Delivery follows when the blocks are there (`deliver`). */
function raiseFinal(turn: Turn, certificate: Certificate): void {
  const rounds = new Map([...turn.state.rounds].filter(([view]) => view > certificate.vote.view));
  turn.state = { ...turn.state, highest: certificate, finalAtMs: turn.nowMs, rounds };
}
