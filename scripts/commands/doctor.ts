/** `vase doctor`: checks the machine; each fault comes with a fix. Exit code 1 when something must be fixed. */
import type { Command } from 'commander';
import { examineMachine, type Finding } from '../../cluster/providers/doctor.ts';
import { topologyFromEnvironment } from '../../cluster/topology/topology-input.ts';
import { parseTopology } from '../../cluster/topology/topology.ts';
import { withContext } from '../context/command-context.ts';
import { binaries, stateRoot } from '../context/places.ts';
import { style } from '../terminal/printer.ts';

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('Check this machine and give a fix for each fault.')
    .option('--json', 'print JSON')
    .action((flags: { json?: boolean }) =>
      withContext(flags, async ({ provider, printer }) => {
        const { ports } = parseTopology({ ports: topologyFromEnvironment(process.env)['ports'] });
        const { endpoint, etcd } = await provider.status();
        const findings = await examineMachine({
          binaries,
          stateRoot: stateRoot(),
          environment: process.env,
          port: ports.http,
          endpoint,
          etcd,
        });
        if (provider.kind === 'kind') findings.push(...(await examineKind(endpoint)));
        printer.result(findings.map(describe).join('\n'), { findings });
        if (findings.some((finding) => finding.grade === 'fault')) process.exitCode = 1;
      }),
    );
}

/** Checks what a new kind cluster needs; for an existing one, only whether Docker and kind answer. */
async function examineKind(endpoint: string | null): Promise<Finding[]> {
  const { examineForKind } = await import('../../cluster/providers/kind/preflight.ts');
  const { images } = parseTopology({ images: topologyFromEnvironment(process.env)['images'] });
  const room = endpoint === null ? {} : { diskFreeBytesMin: 0 };
  return examineForKind({ profile: 'small', nodeImage: images.node, ports: [], ...room });
}

function describe({ grade, what, fix }: Finding): string {
  const marks = { good: style.good('ok   '), note: style.warning('note '), fault: style.bad('FAULT') };
  return `${marks[grade]}  ${what}${fix === null ? '' : `\n       ${fix}`}`;
}
