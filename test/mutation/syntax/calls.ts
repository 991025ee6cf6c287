/** Mistakes in calls, and in the use of their results. */
import ts from 'typescript';
import { expressionChange, type Operator, partChange, spanOf } from './change.ts';

const otherMethods = new Map([
  ['some', 'every'],
  ['every', 'some'],
  ['min', 'max'],
  ['max', 'min'],
  ['push', 'unshift'],
  ['unshift', 'push'],
  ['shift', 'pop'],
  ['pop', 'shift'],
  ['find', 'findLast'],
  ['findLast', 'find'],
  ['findLastIndex', 'findIndex'],
  ['findIndex', 'findLastIndex'],
  ['floor', 'ceil'],
  ['ceil', 'floor'],
  ['all', 'race'],
  ['race', 'all'],
]);
/** Calls that can be left out: their result has the type of the list, or promise, that they are called on. */
const leftOut = new Set(['filter', 'slice', 'sort', 'toSorted', 'reverse', 'toReversed', 'finally', 'catch']);

export const methods: Operator = (node) => {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return [];
  const { name, expression } = node.expression;
  const other = otherMethods.get(name.text);
  if (other !== undefined) return [partChange('other method', spanOf(name), other, node)];
  return leftOut.has(name.text) ? [expressionChange('method left out', node, expression.getText())] : [];
};

/** An optional argument is forgotten. */
export const lastArguments: Operator = (node) => {
  if (!ts.isCallExpression(node) || node.arguments.length < 2) return [];
  const last = node.arguments.at(-1)!;
  // The name of a field, for the error.
  if (ts.isStringLiteral(last) && /^as[A-Z]/.test(node.expression.getText())) return [];
  const previous = node.arguments.at(-2)!;
  return [partChange('argument forgotten', { start: previous.end, end: last.end }, '', node)];
};

export const chains: Operator = (node) => {
  const token = (node as ts.CallExpression).questionDotToken;
  if (
    token === undefined ||
    !(ts.isPropertyAccessExpression(node) || ts.isCallExpression(node) || ts.isElementAccessExpression(node))
  )
    return [];
  let whole: ts.Expression = node;
  while (isLinkOf(whole.parent, whole)) whole = whole.parent as ts.Expression;
  const after = ts.isPropertyAccessExpression(node) ? '.' : '';
  return [partChange('optional chaining', spanOf(token), after, whole)];
};

/** The call is not awaited. */
export const waits: Operator = (node) => {
  if (!ts.isAwaitExpression(node) || !ts.isExpressionStatement(node.parent)) return [];
  return [expressionChange('await', node, `void ${node.expression.getText()}`)];
};

function isLinkOf(parent: ts.Node, node: ts.Node): boolean {
  if (ts.isNonNullExpression(parent)) return true;
  return (
    (ts.isPropertyAccessExpression(parent) ||
      ts.isElementAccessExpression(parent) ||
      ts.isCallExpression(parent)) &&
    parent.expression === node
  );
}
