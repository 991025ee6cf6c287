/**
 * JSON in which every number is kept exactly, or refused: if a double cannot tell two numbers apart, one would be judged as
 * the other.
 */

/** A number that cannot be kept. */
export class InexactNumberError extends Error {
  /** The member that holds it; in an array, its place there. */
  readonly member: string;
  /** As it was written. */
  readonly source: string;

  constructor(member: string, source: string) {
    super(`${member}: ${source}`);
    this.member = member;
    this.source = source;
  }
}

/** A decimal number of up to 15 significant digits is kept exactly; a line without longer ones, and without exponents, is not checked. */
const suspicious = /[0-9.]{16}|[0-9][eE][-+]?[0-9]/;

/**
 * @param wholeMembers members in which a whole number that is too large becomes a bigint.
 * @throws InexactNumberError, SyntaxError
 */
export function parseExactly(text: string, wholeMembers: ReadonlySet<string>): unknown {
  if (!suspicious.test(text)) return JSON.parse(text);
  const revive = (member: string, value: unknown, context?: { source?: string }): unknown => {
    if (typeof value !== 'number') return value;
    const source = context!.source!;
    if (isKept(source, value)) return value;
    if (wholeMembers.has(member) && /^-?[0-9]+$/.test(source)) return BigInt(source);
    throw new InexactNumberError(member, source);
  };
  return JSON.parse(text, revive) as unknown;
}

function isKept(source: string, value: number): boolean {
  return Number.isFinite(value) && decimalOf(source) === decimalOf(String(value));
}

/** Digits without zeros at either end, and the exponent of ten: one text for one number. */
function decimalOf(literal: string): string {
  const [, sign, whole, fraction = '', exponent = '0'] =
    /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([-+]?[0-9]+))?$/.exec(literal)!;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const shift = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${sign}${significant}e${shift}`;
}
