/** GS3: whether the last of these digits is the check digit of those before it. Weights 3 and 1 from the right, modulo 10. */
export function hasCheckDigit(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = digits.charCodeAt(digits.length - 1 - index) - 0x30;
    sum += index % 2 === 0 ? digit : digit * 3;
  }
  return sum % 10 === 0;
}
