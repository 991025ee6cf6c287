/**
 * Looks for what must never be in an image: keys, tokens, and files that hold them. It says which file and what kind,
 * never the secret. It knows the usual forms: it is a net, not a proof.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

export interface SecretFinding {
  /** Relative to the folder that was searched. */
  file: string;
  what: string;
}

const forbiddenNames: readonly { pattern: RegExp; what: string }[] = [
  { pattern: /(^|\/)\.(git|vase|ssh|aws|docker|kube|gnupg)(\/|$)/, what: 'a folder of settings or state' },
  { pattern: /(^|\/)(\.npmrc|\.yarnrc(\.yml)?|\.netrc|\.pgpass)$/, what: 'a file of tokens' },
  { pattern: /(^|\/)\.env(\..*)?$/, what: 'a file of settings' },
  { pattern: /(^|\/)(id_(rsa|dsa|ecdsa|ed25519)|kubeconfig)$/, what: 'a key' },
  { pattern: /\.(pem|key|p12|pfx|jks|keystore)$/, what: 'a key' },
];

/** `marks`: every text of the form has one of these; looking for them is much faster than matching the pattern. */
const secretForms: readonly { marks: readonly string[]; pattern: RegExp; what: string }[] = [
  {
    marks: ['PRIVATE KEY-----'],
    pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{16}/,
    what: 'a private key',
  },
  {
    marks: ['"private_key"'],
    pattern: /"private_key"\s*:\s*"-----BEGIN/,
    what: 'a service account key',
  },
  { marks: ['AKIA'], pattern: /\bAKIA[0-9A-Z]{16}\b/, what: 'an AWS access key' },
  { marks: ['AIza'], pattern: /\bAIza[0-9A-Za-z_-]{35}\b/, what: 'a Google API key' },
  { marks: ['ya29.'], pattern: /\bya29\.[0-9A-Za-z_-]{20,}/, what: 'a Google access token' },
  {
    marks: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    pattern: /\bgh[pousr]_[0-9A-Za-z]{36}\b/,
    what: 'a GitHub token',
  },
  { marks: ['npm_'], pattern: /\bnpm_[0-9A-Za-z]{36}\b/, what: 'an npm token' },
  { marks: ['_authToken'], pattern: /_authToken\s*=\s*\S+/, what: 'a registry token' },
  {
    marks: ['xoxa-', 'xoxb-', 'xoxp-', 'xoxr-', 'xoxs-'],
    pattern: /\bxox[abprs]-[0-9A-Za-z-]{10,}/,
    what: 'a Slack token',
  },
  {
    marks: ['.eyJ'],
    pattern: /\beyJ[0-9A-Za-z_-]{20,}\.eyJ[0-9A-Za-z_-]{20,}\.[0-9A-Za-z_-]{20,}/,
    what: 'a signed web token',
  },
];

/** @param files paths relative to the folder, with slashes. */
export async function findSecrets(folder: string, files: readonly string[]): Promise<SecretFinding[]> {
  const findings: SecretFinding[] = [];
  for (const file of files) {
    const content = await readFile(path.join(folder, file), 'latin1');
    const names = forbiddenNames.filter((rule) => rule.pattern.test(file)).map((rule) => rule.what);
    findings.push(...[...names, ...secretsIn(content)].map((what) => ({ file, what })));
  }
  return findings;
}

/** The kinds of secrets whose forms are in the text. */
export function secretsIn(text: string): string[] {
  return secretForms
    .filter(({ marks, pattern }) => marks.some((mark) => text.includes(mark)) && pattern.test(text))
    .map(({ what }) => what);
}
