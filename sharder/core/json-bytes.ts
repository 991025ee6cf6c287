/** JSON as UTF-8 bytes, without node:*: the records of view and fence are small ASCII texts. */

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const beyondAscii = /[\u0080-\uffff]/;

export function jsonToBytes(value: unknown): Uint8Array {
  const text = JSON.stringify(value).replace(/[\u0080-\uffff]/g, (unit) => `\\u${hex4(unit.charCodeAt(0))}`);
  return encoder.encode(text);
}

/** @throws SyntaxError when the bytes are not ASCII JSON. */
export function bytesToJson(bytes: Uint8Array): unknown {
  const text = decoder.decode(bytes);
  return JSON.parse(beyondAscii.test(text) ? byByte(bytes) : text) as unknown;
}

/** Decodes bytes that `jsonToBytes` did not write: each byte becomes one character, so that none is lost. */
function byByte(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function hex4(code: number): string {
  return code.toString(16).padStart(4, '0');
}
