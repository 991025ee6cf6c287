/** Programs that answer like an etcd of some version, or like a program that fetches one. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const help = "  --name 'default'\\n    A name.\\n  --pre-vote 'false'";

/** Makes the folder and puts the program `etcd` into it. @returns the folder. */
export function putFakeEtcd(folder: string, version: string): string {
  putScript(
    folder,
    'etcd',
    `case "$1" in
  --version) echo "etcd Version: ${version}";;
  --help) printf "${help}\\n" >&2;;
esac`,
  );
  return folder;
}

export function putScript(folder: string, name: string, script: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}
