import test from "ava";
import { garbledSentence, heard, isGarbled, type LineQuality, unheard } from "../../devices/line-quality.ts";

/** `of`: bytes in a row, by sort. */
const line = (...of: readonly (readonly [keyof LineQuality, number])[]): LineQuality =>
  of.reduce((quality, [sort, bytes]) => heard(quality, sort, bytes), unheard);
const where = {
  where: "device scale-1 on /dev/ttyUSB0 at 9600 8N1",
  protocol: "mt-sics",
  isSerial: true,
  lastReason: null,
};

test("D5: a few bad bytes after plugging in say nothing", (t) => {
  t.false(isGarbled(line(["noise", 63]), false));
  t.true(isGarbled(line(["noise", 64]), false));
});

test("D5: a line is garbled when most of it is bad, and readable again when little is", (t) => {
  t.false(isGarbled(line(["good", 100], ["noise", 100]), false));
  t.true(isGarbled(line(["good", 100], ["noise", 101]), false));
  t.true(isGarbled(line(["good", 100], ["noise", 50]), true));
  t.false(isGarbled(line(["good", 160], ["noise", 50]), true));
});

test("D5: what was long ago fades: a mended line is readable within some forty frames", (t) => {
  let quality = line(["noise", 100_000]);
  let frames = 0;
  while (isGarbled(quality, true)) {
    quality = heard(quality, "good", 18);
    frames += 1;
  }
  t.true(frames < 60, `${frames} frames`);
});

test("D5: the sentence names what to check: settings for noise, protocol for frames that do not fit", (t) => {
  t.is(
    garbledSentence(line(["noise", 90], ["good", 10]), where),
    "device scale-1 on /dev/ttyUSB0 at 9600 8N1 is not readable, 9 of 10 bytes belong to no frame: these are wrong line settings or another protocol; check baud rate, data bits, parity and stop bits against the device's menu, then that it speaks mt-sics",
  );
  t.regex(
    garbledSentence(line(["refused", 90], ["good", 10]), { ...where, lastReason: "a weight says S or D" }),
    /sends frames that are not as mt-sics has them \(the last: a weight says S or D\): check the protocol/,
  );
});
