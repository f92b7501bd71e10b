/** `bits`: it damages bits on their way, which TCP does not let happen. */
export type MatrixFault = {
  readonly name: string;
  readonly faults: readonly string[];
  readonly bits?: true;
};

/** The columns of the matrix: thirty seconds with ten items, so that a fault of every 3 s meets several of them. */
export const faultsOfMatrix: readonly MatrixFault[] = [
  { name: "none", faults: [] },
  { name: "split", faults: ["split=1"] },
  { name: "merge", faults: ["merge=250"] },
  { name: "slow", faults: ["slow=120"] },
  { name: "flip", faults: ["flip=0.05"], bits: true },
  { name: "parity", faults: ["parity=0.02"], bits: true },
  { name: "noise", faults: ["noise=0.2"], bits: true },
  { name: "flood", faults: ["flood=8/20000"] },
  { name: "duplicate", faults: ["duplicate=0.3"] },
  { name: "baud", faults: ["baud=9600/19200"] },
  { name: "silence", faults: ["silence=3/1.3"] },
  { name: "unplug", faults: ["unplug=4/1.1"] },
  { name: "rename", faults: ["rename=4/1.1"] },
  { name: "reboot", faults: ["reboot=4/0.9"] },
  { name: "rezero", faults: ["rezero=4/0.9"] },
  { name: "stuck", faults: ["stuck=3/1.7"] },
  { name: "gap", faults: ["gap=3/0.8"] },
  { name: "unit", faults: ["unit=5/2"] },
  { name: "clock", faults: ["clock=3/3600"] },
  // A bad day; the first is nearest to the wire.
  {
    name: "stacked",
    faults: ["split=3", "slow=60", "flip=0.03", "noise=0.05", "duplicate=0.1", "silence=7/1.2", "reboot=11/0.8"],
    bits: true,
  },
];
