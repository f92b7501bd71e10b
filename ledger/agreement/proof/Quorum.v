(* The committee's numbers (rules C2 and G1) meet the hypotheses of SimplexSafety, for every number of gateways. *)
Require Import Arith Lia List.
Require Import SimplexSafety.

(* n gateways, f = floor((n-1)/3), q = ceil((n+f+1)/2). *)
Definition faults_of (n : nat) := (n - 1) / 3.
Definition quorum_of (n : nat) := (n + faults_of n + 2) / 2.

Lemma q_ok_holds : forall n, n + faults_of n < 2 * quorum_of n.
Proof.
  intro n. unfold quorum_of.
  pose proof (Nat.div_mod (n + faults_of n + 2) 2). pose proof (Nat.mod_upper_bound (n + faults_of n + 2) 2). lia.
Qed.

(* Not needed for safety: the honest gateways alone are a quorum, so that the silent f cannot stop the others. *)
Lemma honest_suffice : forall n, 0 < n -> quorum_of n + faults_of n <= n.
Proof.
  intros n Hn. unfold quorum_of, faults_of.
  pose proof (Nat.div_mod (n - 1) 3). pose proof (Nat.mod_upper_bound (n - 1) 3).
  pose proof (Nat.div_mod (n + (n - 1) / 3 + 2) 2). pose proof (Nat.mod_upper_bound (n + (n - 1) / 3 + 2) 2). lia.
Qed.

(* The theorem as a site relies on it, written out: whichever f of its gateways lie, two finalized blocks lie on one chain. *)
Theorem agreement_of_a_site :
  forall (gateway block : Type) (same : forall a b : gateway, {a = b} + {a <> b})
         (gateways liars : list gateway) (genesis : block) (parent : block -> block) (view : block -> nat),
    let q := quorum_of (length gateways) in
    length liars <= faults_of (length gateways) -> view genesis = 0 ->
    forall L b c, reach gateway gateways liars q block genesis parent view L ->
    0 < view b -> 0 < view c ->
    cert gateway gateways q block L (Finalize block b) -> cert gateway gateways q block L (Finalize block c) ->
    anc block parent b c \/ anc block parent c b.
Proof.
  intros gateway block same gateways liars genesis parent view q Hf Hg.
  apply (agreement gateway same gateways liars (faults_of (length gateways)) q Hf (q_ok_holds _) block genesis parent view Hg).
Qed.
