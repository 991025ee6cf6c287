/** The stand-in for Google Cloud without its programs: commands are answered in this process. It ends with the test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Cloud } from '../../../cluster/providers/gke/resources/cloud.ts';
import { CommandError } from '../../../cluster/host/command-error.ts';
import { type runCommand } from '../../../cluster/host/run-command.ts';
import { answer } from './cloud.ts';
import {
  type CloudFiles,
  cloudFiles,
  type CloudState,
  readCloud,
  readCommands,
  writeJson,
} from './cloud-files.ts';

export class RecordedCloud {
  readonly files: CloudFiles = cloudFiles(mkdtempSync(join(tmpdir(), 'vase-cloud-')));
  readonly cloud: Cloud;
  readonly interrupt = new AbortController();
  /** Called before each command; may abort. */
  onCommand: (line: string) => void = () => undefined;

  constructor() {
    onTestFinished(() => rmSync(this.files.folder, { recursive: true, force: true }));
    const run: typeof runCommand = async (program, args) => {
      this.onCommand([program, ...args].join(' '));
      this.interrupt.signal.throwIfAborted();
      const result = answer(this.files, { program, args: [...args] });
      if (result.exitCode === 0) return result;
      throw new CommandError({ command: [program, ...args].join(' '), result, message: `${program} failed` });
    };
    this.cloud = new Cloud({ project: 'my-project', signal: this.interrupt.signal, environment: {}, run });
  }

  /** Changes the state of the cloud. */
  set(change: Partial<CloudState>): void {
    writeJson(this.files.state, { ...readCloud(this.files), ...change });
  }

  fail(match: string, stderr: string, times = 1): void {
    writeJson(this.files.failures, [{ match, times, stderr }]);
  }

  /** The command lines until now that changed something, including those that failed. */
  changes(): string[] {
    const changing = / (create|enable|delete|update|add-iam-policy-binding|remove-iam-policy-binding|wait)\b/;
    return this.commands().filter((line) => changing.test(line));
  }

  commands(): string[] {
    return readCommands(this.files).map(({ program, args }) => [program, ...args].join(' '));
  }

  get there(): string[] {
    return readCloud(this.files).there;
  }
}
