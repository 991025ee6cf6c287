/** Listens for signals that ask a command to end early. */
import { ClusterError } from '../../cluster/errors.ts';

/** A signal that Ctrl-C, SIGTERM, SIGHUP and the end of the output's reader abort; `release` removes the handlers. */
export function listenForInterrupts(): { signal: AbortSignal; release: () => void } {
  const interrupt = new AbortController();
  const onSignal = (name: NodeJS.Signals) => interrupt.abort(new ClusterError(`interrupted by ${name}`));
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, onSignal);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    interrupt.abort(new ClusterError('interrupted: nobody reads the output any more'));
  });
  const release = () => {
    for (const name of signals) process.off(name, onSignal);
  };
  return { signal: interrupt.signal, release };
}
