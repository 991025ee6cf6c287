/** JSON as UTF-8 bytes, without node:*: the records of view and fence are small ASCII texts. */

export function jsonToBytes(value: unknown): Uint8Array {
  const text = JSON.stringify(value).replace(/[\u0080-\uffff]/g, (unit) => `\\u${hex4(unit.charCodeAt(0))}`);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

/** @throws SyntaxError when the bytes are not ASCII JSON. */
export function bytesToJson(bytes: Uint8Array): unknown {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return JSON.parse(text) as unknown;
}

function hex4(code: number): string {
  return code.toString(16).padStart(4, '0');
}
