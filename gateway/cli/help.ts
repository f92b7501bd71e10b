export const COMMANDS = [
  "demo",
  "run",
  "init",
  "ledger",
  "devices-sim",
  "device",
  "devices",
  "export",
  "receipt",
  "verify",
  "unpack",
  "join",
  "config",
  "doctor",
] as const;

export const OVERALL_HELP = `tallystick: signed, agreed and anchored weight and dimension measurements

  tallystick demo       a whole site on this machine: ledger, gateways, simulated devices
  tallystick init       keys and configuration for one gateway
  tallystick run        one gateway
  tallystick device     one simulated device
  tallystick devices    what is plugged in, what a line leads to, and the end of a quarantine
  tallystick ledger     the embedded shared ledger
  tallystick export     the finalized measurements as jsonl, csv or epcis
  tallystick receipt    fetches the receipt of a measurement
  tallystick verify     checks a receipt, or evidence against a gateway, offline
  tallystick unpack     takes a receipt apart into its standard forms
  tallystick join       keys and configuration for one more gateway of a site, or for one that lost its disk
  tallystick config     shows, proposes and approves changes of a site: gateways, keys, devices, ledgers, model
  tallystick doctor     checks a gateway's surroundings and says how to mend them

"tallystick COMMAND --help" tells more. Exit codes: 0 done, 1 the answer is no, 2 wrong usage or configuration.
`;

const HELP: Readonly<Record<(typeof COMMANDS)[number], string | (() => Promise<string>)>> = {
  demo: `tallystick demo [--dir DIR] [--gateways N] [--rate R] [--port P] [--fresh] [--for SECONDS] [--bare] [--no-restart]

  --dir DIR       where the site's data is kept across runs (default ./site)
  --gateways N    1 to 99 (default 4)
  --rate R        measurements per second of the whole site (default: one a second for each gateway); a scale on a
                  line gives at most one a second, MQTT sensors give the rest
  --port P        the overview is on P, the API of gateway i on P+i (default 8080); more ports from P+101 to P+599
  --fresh         removes the site in DIR first
  --for SECONDS   stops by itself
  --bare          without simulated devices
  --no-restart    a gateway that ends is not started again

Everything listens on 127.0.0.1. Ctrl-C stops all processes within 5 s.
`,
  run: `tallystick run --dir DIR [--json]

Runs the gateway of DIR (see "tallystick init") until Ctrl-C or SIGTERM. --json: log lines as JSON.
`,
  init: `tallystick init --dir DIR --gateway NAME [--site NAME] [--port P] [--ledger NAME=VKEY@URL]

Creates DIR with keys, token, SITE.json and gateway.yaml of a site of one gateway (--site: default "site"; API on port P, default 8081,
peers on P+100), with a device of protocol "api" so that it can take measurements at once. Existing keys are never replaced.
--ledger names the shared ledger that records the site's checkpoints: its name, its verifier key (C2SP vkey, type 04) and its address. Without it
the key of an embedded one is made in DIR/ledger (port P+299), and the command that runs it is shown. Receipts need a ledger; SITE.json is sealed with it.
Further devices and gateways: see "tallystick config" and "tallystick join".
`,
  ledger: `tallystick ledger --dir DIR --site SITE.json [--port P]

Runs the embedded shared ledger (a C2SP witness) on 127.0.0.1:P (default 8380). Its key and records are in DIR.
`,
  "devices-sim": `tallystick devices-sim --spec FILE

Internal: all simulated devices of a demo site in one process.
`,
  // Of the devices that there are: asked when somebody asks.
  device: async () => (await import("../../firmware-sim/index.ts")).deviceUsage,
  devices: `tallystick devices list [--json]
tallystick devices probe PATH|HOST:PORT|URL [--line "9600 7E1"] [--seconds S] [--json]
tallystick devices acknowledge ID --dir DIR [--json]

  list          the serial ports and USB (HID) scales of this machine, by name and by what does not change when they are plugged in elsewhere
  probe         says what is at the end of a serial port or a TCP port: listens, then asks with commands that cannot move a
                scale (no zero, no tare, no print), at all usual line settings of a serial port, or at those of --line only.
                A device that answers HTTP is asked at its URL.
                --seconds: how long to listen at each setting (default 1.5). Nobody else may have the port meanwhile.
                Exit code 0: something is there; 1: nothing that is known; 2: it cannot be opened.
  acknowledge   device ID of the running gateway of DIR shows another unit or resolution than before and is therefore not
                used; this says that what it shows now is right. Look at the device first.
`,
  export: `tallystick export --dir DIR [--after INDEX] [--format jsonl|csv|epcis]

Writes the finalized statements of a gateway's DIR to stdout in log order, whether the gateway runs or not.
jsonl keys: index, gateway, number, item, massGrams, dimensionsMm, predictedGrams, verdict, at (Unix ms).
DIR may also be a demo site; its first gateway is read then.
`,
  receipt: `tallystick receipt ITEM|GATEWAY/NUMBER --from URL|DIR -o FILE

Fetches the receipt of an item's latest measurement, or of one measurement, from a gateway's API (URL) or its directory (DIR).
Exit code 1 when there is none yet.
`,
  verify: `tallystick verify FILE --site SITE.json [--anchor URL] [--json]

Checks a receipt with nothing but the file and SITE.json: "valid: ..." and exit code 0, or "invalid: the first check that failed" and 1.
--anchor asks the shared ledger at URL, too, whether it records that very checkpoint. When it cannot be asked, the answer is "valid offline: ..."
and the exit code 2, because nothing speaks against the receipt.

FILE may also be evidence, from GET /v1/evidence/ID of a gateway: "valid: evidence that gw-2 signed two different bundles numbered 7" and 0,
or "invalid: ..." and 1.
`,
  unpack: `tallystick unpack FILE DIR

Writes the receipt's parts in their standard forms: statement.cbor (SenML), statement.cose (COSE Receipt), bundle.tlog-proof (C2SP),
bundle.cose (the log's leaf), anchor.json.
`,
  join: `tallystick join --dir DIR --gateway NAME --site SITE.json [--port P] [--peers NAME=HOST:PORT,...]

Creates DIR with keys, token, gateway.yaml and a copy of SITE.json for a gateway that is to join the site, or for one of its gateways that lost its disk,
and shows its entry: put that into "gateways" of the configuration to come (see "tallystick config"), at the end, or in the place of its old one.
--peers names the addresses of the others: a gateway that joins is the one that dials. When the site has agreed, "tallystick config fetch" and start it.
`,
  config: `tallystick config show --dir DIR [--yaml]       the configuration in force, to be edited, in JSON or YAML
       tallystick config propose FILE --dir DIR        proposes the edited one, and approves of it (YAML: FILE.yaml)
       tallystick config approve HASH --dir DIR        approves of one that another gateway proposed (8 digits of its hash are enough)
       tallystick config status --dir DIR [--json]     what is in force, what is proposed, who approved
       tallystick config keys --dir DIR                makes further keys for this gateway and shows its entry with them
       tallystick config fetch --dir DIR --from URL    brings SITE.json in DIR up to date from a gateway's API, checking every step from what is there

A site changes by the approval of a quorum of its gateways, each by its own operator, while they run and without a pause. In the edited configuration a gateway joins
at the end of "gateways"; one that leaves stays in its place with "left": true and without devices; one with new keys has its entry replaced.
All but keys and fetch speak with the running gateway of DIR, with its token.
`,
  doctor: `tallystick doctor --dir DIR [--json]

Checks configuration, permissions, ports, clock, disk, store, serial devices, peers and ledgers of the gateway in DIR, and says how to mend each.
Exit code 1 when something needs mending.
`,
};

export async function helpOf(command: (typeof COMMANDS)[number]): Promise<string> {
  const help = HELP[command];
  return typeof help === "string" ? help : help();
}
