/** The result of one part of `make ci`, and the sum of all. */

export interface Tally {
  name: string;
  passed: number;
  /** Title of each failed test, and the first line of its error. */
  failures: { title: string; error: string }[];
  /** A line for each test that was not run, or for several of one file. */
  skipped: string[];
}

/** The tally of a command that is judged by its exit code alone: it counts as one. */
export function tallyCommand(name: string, ended: boolean): Tally {
  const failures = ended ? [] : [{ title: `make ${name}`, error: 'see its output above' }];
  return { name, passed: ended ? 1 : 0, failures, skipped: [] };
}

/** Lines: what was skipped, what failed, each part's sum, and as the last one `N passed, N failed`. */
export function describeTallies(tallies: readonly Tally[]): string[] {
  const count = (name: string, passed: number, failed: number) => `${name}${passed} passed, ${failed} failed`;
  const sum = (of: (tally: Tally) => number) => tallies.reduce((total, tally) => total + of(tally), 0);
  return [
    ...tallies.flatMap(({ skipped }) => skipped),
    ...tallies.flatMap(({ name, failures }) =>
      failures.map(({ title, error }) => `FAILED ${name}: ${title}\n       ${error}`),
    ),
    ...tallies.map(({ name, passed, failures }) => count(`${name}: `, passed, failures.length)),
    count(
      '',
      sum(({ passed }) => passed),
      sum(({ failures }) => failures.length),
    ),
  ];
}

/** @param text such as "up=0 test=1": goals of the Makefile that were run before, and their exit codes. */
export function parseRan(text: string): Map<string, boolean> {
  const words = text.split(/\s+/).filter((word) => word !== '');
  return new Map(
    words.map((word) => {
      const match = /^([a-z-]+)=(\d+)$/.exec(word);
      if (match === null) throw new Error(`${word} is not a goal and its exit code, such as up=0`);
      return [match[1]!, match[2] === '0'];
    }),
  );
}
