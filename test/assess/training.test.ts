import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test from "ava";

const train = fileURLToPath(new URL("../../models/train.py", import.meta.url));
/** An interpreter with the packages of models/requirements.txt. */
const python = process.env["TALLYSTICK_PYTHON"];

// Without the Python packages there is nothing to train with; the title says so in the report of every run.
const trainingTest = python === undefined ? test.skip : test;

trainingTest(
  "M1, M7: a new training gives the committed bytes (needs TALLYSTICK_PYTHON, see models/README.md)",
  async (t) => {
    const { stdout } = await promisify(execFile)(python ?? "", ["-B", train, "--check"]);
    t.is(stdout, "same bytes\n");
  },
);
