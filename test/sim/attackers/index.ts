/** Every attack, by name: `npm run sim -- --attack NAME`. README.md says what each does and which rule defeats it. */
import type { Attack } from "./attack.ts";
import { bodyWithholder } from "./body-withholder.ts";
import { certificateForger } from "./certificate-forger.ts";
import { certificateWithholder } from "./certificate-withholder.ts";
import { doubleVoter } from "./double-voter.ts";
import { equivocatingLeader } from "./equivocating-leader.ts";
import { equivocatingOwner } from "./equivocating-owner.ts";
import { falsePrediction } from "./false-prediction.ts";
import { falsifier } from "./falsifier.ts";
import { futureFlooder } from "./future-flooder.ts";
import { fuzzer } from "./fuzzer.ts";
import { selectiveSender } from "./selective-sender.ts";
import { slowSender } from "./slow-sender.ts";
import { unjustLeader } from "./unjust-leader.ts";
import { voteReplayer } from "./vote-replayer.ts";
import { voteWithholder } from "./vote-withholder.ts";

export { type Attack, type AttackContext, type Attacker, strikesOf } from "./attack.ts";

export const attacks: readonly Attack[] = [
  equivocatingLeader,
  unjustLeader,
  equivocatingOwner,
  selectiveSender,
  bodyWithholder,
  voteWithholder,
  certificateWithholder,
  certificateForger,
  voteReplayer,
  futureFlooder,
  slowSender,
  doubleVoter,
  falsifier,
  falsePrediction,
  fuzzer,
];
