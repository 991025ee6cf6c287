/** All mutants of one source text, in its order: every operator at every place, each text once. */
import ts from 'typescript';
import { chains, lastArguments, methods, waits } from './calls.ts';
import type { Change, Operator } from './change.ts';
import { branches, comparisons, conclusions, negations } from './conditions.ts';
import { keyOf, type Mutant } from './mutant.ts';
import { blocks, effects, results, waysOut } from './statements.ts';
import { isUnmutated } from './unmutated.ts';
import { counters, members, numbers, sums, truths } from './values.ts';

const operators: readonly Operator[] = [
  comparisons,
  conclusions,
  branches,
  negations,
  sums,
  counters,
  numbers,
  truths,
  members,
  methods,
  lastArguments,
  chains,
  waits,
  effects,
  waysOut,
  results,
  blocks,
];

/** @param file from the root of the checkout. */
export function listMutants(file: string, source: string): Mutant[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const changes: { change: Change; place: string }[] = [];
  const visit = (node: ts.Node, place: string): void => {
    if (isUnmutated(node)) return;
    const here = placeOf(node, place);
    for (const operator of operators)
      for (const change of operator(node)) changes.push({ change, place: here });
    ts.forEachChild(node, (child) => visit(child, here));
  };
  visit(tree, '');
  const seen = new Set<string>();
  const count = new Map<string, number>();
  const mutants: Mutant[] = [];
  for (const { change, place } of changes.toSorted((a, b) => a.change.start - b.change.start)) {
    const { operator, start, end, after, probe } = change;
    const text = source.slice(0, start) + after + source.slice(end);
    if (seen.has(text) || (operator === 'logical operator' && !parses(file, text))) continue;
    seen.add(text);
    const parts = { file, operator, place, before: source.slice(start, end), after };
    const words = keyOf(parts, 0);
    const same = count.get(words) ?? 0;
    count.set(words, same + 1);
    mutants.push({
      ...parts,
      start,
      end,
      line: tree.getLineAndCharacterOfPosition(start).line + 1,
      probe: {
        kind: probe.kind,
        start: probe.node.getStart(),
        end: probe.node.end,
        alternative: probe.alternative,
      },
      key: keyOf(parts, same),
    });
  }
  return mutants;
}

/** `??` does not parse beside `&&` or `||` without parentheses; every other change always parses. */
function parses(file: string, text: string): boolean {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false);
  const { parseDiagnostics } = tree as unknown as { parseDiagnostics: readonly unknown[] };
  return parseDiagnostics.length === 0;
}

function placeOf(node: ts.Node, place: string): string {
  const isNamed =
    ts.isClassDeclaration(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isGetAccessorDeclaration(node) ||
    (ts.isVariableDeclaration(node) &&
      node.initializer !== undefined &&
      ts.isArrowFunction(node.initializer));
  if (ts.isConstructorDeclaration(node)) return `${place}.constructor`;
  if (!isNamed || node.name === undefined) return place;
  return place === '' ? node.name.getText() : `${place}.${node.name.getText()}`;
}
