/** Shows the steps of a long command: a spinner on a terminal, plain lines in a pipe, JSON when it is asked for. */
import ora, { type Ora } from 'ora';
import type { StepReporter } from '../../cluster/providers/steps.ts';
import { canSpin, printErrorLine, printJson } from './printer.ts';

export function createStepReporter({ json }: { json: boolean }): StepReporter {
  if (json) return jsonSteps();
  return canSpin() ? spinnerSteps() : plainSteps();
}

function jsonSteps(): StepReporter {
  return {
    started: (step) => printJson({ event: 'started', step }),
    progressed: (step, text) => printJson({ event: 'progress', step, text }),
    succeeded: (step, durationMs, detail) =>
      printJson({ event: 'succeeded', step, durationMs: Math.round(durationMs), detail }),
    failed: (step, durationMs) => printJson({ event: 'failed', step, durationMs: Math.round(durationMs) }),
  };
}

function plainSteps(): StepReporter {
  return {
    started: () => undefined,
    progressed: (title, text) => printErrorLine(`  ...   ${title}: ${text}`),
    succeeded: (title, durationMs, detail) =>
      printErrorLine(`  ok    ${describeStep(title, durationMs, detail)}`),
    failed: (title, durationMs) => printErrorLine(`  FAIL  ${describeStep(title, durationMs, null)}`),
  };
}

function spinnerSteps(): StepReporter {
  let spinner: Ora | null = null;
  return {
    started: (title) => {
      // The spinner must not swallow Ctrl-C: the signal has to reach the command, which then cleans up.
      spinner = ora({ text: title, discardStdin: false }).start();
    },
    progressed: (title, text) => {
      if (spinner !== null) spinner.text = `${title}: ${text}`.slice(0, process.stderr.columns - 3);
    },
    succeeded: (title, durationMs, detail) => spinner?.succeed(describeStep(title, durationMs, detail)),
    failed: (title, durationMs) => spinner?.fail(describeStep(title, durationMs, null)),
  };
}

function describeStep(title: string, durationMs: number, detail: string | null): string {
  return `${title} (${(durationMs / 1000).toFixed(1)} s)${detail === null ? '' : `: ${detail}`}`;
}
