/** Mistakes by omission: a statement, a branch or an early exit is missing. */
import ts from 'typescript';
import { type Change, expressionChange, type Operator, statementChange } from './change.ts';
import { isTraceStatement } from './unmutated.ts';

/** Calls, assignments and counts whose results are not used. */
export const effects: Operator = (node) =>
  ts.isExpressionStatement(node) && !isTraceStatement(node) && !isAlone(node)
    ? [statementChange('statement removed', node, ';')]
    : [];

/** `return`, `continue`, `break` and `throw`. Where one is the whole branch of a condition, the condition is changed instead. */
export const waysOut: Operator = (node) => {
  const isLeaving =
    ts.isReturnStatement(node) ||
    ts.isContinueStatement(node) ||
    ts.isBreakStatement(node) ||
    ts.isThrowStatement(node);
  if (!isLeaving || isAlone(node)) return [];
  // The last one of a function, and one that ends a case of a switch, are not early.
  if (ts.isReturnStatement(node) && node.expression !== undefined && isLastOfFunction(node)) return [];
  return [statementChange('way out removed', node, ';')];
};

export const results: Operator = (node) => {
  if (!ts.isReturnStatement(node) || node.expression === undefined) return [];
  const value = node.expression;
  if (ts.isArrayLiteralExpression(value) && value.elements.length > 0)
    return [expressionChange('result', value, '[]')];
  if (ts.isIdentifier(value) && value.text !== 'undefined')
    return [expressionChange('result', value, 'null')];
  return [];
};

/** Blocks of more than one statement, such as a forgotten branch; single statements are removed as statements. */
export const blocks: Operator = (node) => {
  if (!ts.isBlock(node) || told(node).length < 2) return [];
  const { parent } = node;
  const isElse = ts.isIfStatement(parent) && parent.elseStatement === node;
  const isLoop = ts.isIterationStatement(parent, false) && !ts.isWhileStatement(parent);
  const isProcedure = ts.isFunctionLike(parent) && !returnsValue(node);
  const isRecovery = ts.isCatchClause(parent) || (ts.isTryStatement(parent) && parent.finallyBlock === node);
  if (!isElse && !isLoop && !isProcedure && !isRecovery) return [];
  const change: Change = {
    operator: 'block removed',
    start: node.getStart(),
    end: node.end,
    after: '{}',
    probe: { kind: 'block', node, alternative: null },
  };
  return [change];
};

function told({ statements }: ts.Block): ts.Statement[] {
  return statements.filter((statement) => !isTraceStatement(statement));
}

/** The only statement of a branch that has no alternative: a condition that is never true says the same. */
function isAlone(node: ts.Statement): boolean {
  const holder = ts.isBlock(node.parent) && node.parent.statements.length === 1 ? node.parent : node;
  const { parent } = holder;
  return ts.isIfStatement(parent) && parent.thenStatement === holder && parent.elseStatement === undefined;
}

function isLastOfFunction(node: ts.Statement): boolean {
  const { parent } = node;
  return ts.isBlock(parent) && ts.isFunctionLike(parent.parent) && parent.statements.at(-1) === node;
}

function returnsValue(node: ts.Node): boolean {
  let found = false;
  const look = (child: ts.Node) => {
    if (ts.isFunctionLike(child)) return;
    if (ts.isReturnStatement(child) && child.expression !== undefined) found = true;
    ts.forEachChild(child, look);
  };
  ts.forEachChild(node, look);
  return found;
}
