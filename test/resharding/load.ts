/** The load's process, as its parent holds it. */
import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { LoadOrder, LoadReport, LoadSecond } from './load-messages.ts';

export class Load {
  readonly seconds: LoadSecond[] = [];
  private readonly child: ChildProcess;
  private readonly reports: { resolve: (report: LoadReport) => void; kind: LoadReport['kind'] }[] = [];
  private readonly ended: Promise<void>;

  constructor(onSecond: (second: LoadSecond) => void) {
    this.child = fork(join(import.meta.dirname, 'load-main.ts'), {
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    this.ended = new Promise((resolve) => this.child.once('exit', () => resolve()));
    this.child.on('message', (report: LoadReport) => {
      if (report.kind === 'second') {
        this.seconds.push(report.second);
        onSecond(report.second);
      }
      for (const { kind, resolve } of this.reports) if (kind === report.kind) resolve(report);
    });
  }

  /** Resolves once every key has been written. */
  async begin(order: Omit<Extract<LoadOrder, { kind: 'begin' }>, 'kind'>, perSecond: number): Promise<void> {
    const filled = this.next('filled');
    this.send({ kind: 'rate', perSecond });
    this.send({ kind: 'begin', ...order });
    await filled;
  }

  setRate(perSecond: number): void {
    this.send({ kind: 'rate', perSecond });
  }

  /** Ends the load and reads every key once more. */
  async end(): Promise<Extract<LoadReport, { kind: 'ended' }>> {
    const ended = this.next('ended');
    this.send({ kind: 'end' });
    const report = await ended;
    await this.ended;
    return report as Extract<LoadReport, { kind: 'ended' }>;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private send(order: LoadOrder): void {
    this.child.send(order);
  }

  private next(kind: LoadReport['kind']): Promise<LoadReport> {
    return new Promise((resolve, reject) => {
      this.reports.push({ kind, resolve });
      this.child.once('exit', (code) => reject(new Error(`the load ended with ${code}`)));
    });
  }
}
