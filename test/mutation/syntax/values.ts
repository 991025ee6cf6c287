/** Mistakes in computed values: numbers, signs, truth, members of lists and records. */
import ts from 'typescript';
import { expressionChange, type Operator, partChange, spanOf } from './change.ts';

const arithmetic = new Map([
  ['+', '-'],
  ['-', '+'],
  ['*', '/'],
  ['/', '*'],
  ['%', '*'],
]);
const assignments = new Map([
  ['+=', '-='],
  ['-=', '+='],
  ['??=', '='],
]);
/** Larger numbers are tuned: a different one is a choice, not a mistake. */
const smallNumbersMax = 9;

export const sums: Operator = (node) => {
  if (!ts.isBinaryExpression(node)) return [];
  const token = node.operatorToken.getText();
  const other = isText(node.left) || isText(node.right) ? undefined : arithmetic.get(token);
  if (other !== undefined) return [partChange('arithmetic', spanOf(node.operatorToken), other, node)];
  const assigned = assignments.get(token);
  return assigned === undefined ? [] : [partChange('assignment', spanOf(node.operatorToken), assigned, node)];
};

export const counters: Operator = (node) => {
  if (!ts.isPrefixUnaryExpression(node) && !ts.isPostfixUnaryExpression(node)) return [];
  const { operator } = node;
  const operand = node.operand.getText();
  const isUp = operator === ts.SyntaxKind.PlusPlusToken;
  if (isUp || operator === ts.SyntaxKind.MinusMinusToken) {
    // A loop that counts the other way is endless, and shows itself at once.
    if (ts.isForStatement(node.parent)) return [];
    const other = isUp ? '--' : '++';
    const after = ts.isPrefixUnaryExpression(node) ? `${other}${operand}` : `${operand}${other}`;
    return [expressionChange('counter', node, after)];
  }
  return operator === ts.SyntaxKind.MinusToken ? [expressionChange('sign', node, operand)] : [];
};

export const numbers: Operator = (node) => {
  if (!ts.isNumericLiteral(node) || (ts.isPropertyAssignment(node.parent) && node.parent.name === node))
    return [];
  const value = Number(node.text);
  if (!Number.isInteger(value) || value > smallNumbersMax) return [];
  const more = expressionChange('off by one', node, String(value + 1));
  return value === 0 ? [more] : [more, expressionChange('off by one', node, String(value - 1))];
};

export const truths: Operator = (node) => {
  if (node.kind === ts.SyntaxKind.TrueKeyword)
    return [expressionChange('boolean', node as ts.Expression, 'false')];
  if (node.kind === ts.SyntaxKind.FalseKeyword)
    return [expressionChange('boolean', node as ts.Expression, 'true')];
  return [];
};

/** One element of several is forgotten. */
export const members: Operator = (node) => {
  if (!ts.isArrayLiteralExpression(node) && !ts.isObjectLiteralExpression(node)) return [];
  const all: ts.NodeArray<ts.Node> = ts.isArrayLiteralExpression(node) ? node.elements : node.properties;
  if (all.length < 2 && !all.some(ts.isSpreadElement)) return [];
  return all.flatMap((member, index) => {
    if (ts.isPropertyAssignment(member) && /^(kind|message|cause|name)$/.test(member.name.getText()))
      return [];
    const [previous, next] = [all[index - 1], all[index + 1]];
    // With the comma after it or, for the last member, the comma before it.
    const start = next === undefined && previous !== undefined ? previous.end : member.getStart();
    const isAlone = previous === undefined && next === undefined;
    const end = isAlone ? all.end : (next?.getStart() ?? member.end);
    return [partChange('member forgotten', { start, end }, '', node)];
  });
};

function isText(node: ts.Node): boolean {
  return (
    ts.isStringLiteral(node) ||
    ts.isTemplateExpression(node) ||
    ts.isNoSubstitutionTemplateLiteral(node) ||
    (ts.isBinaryExpression(node) && (isText(node.left) || isText(node.right)))
  );
}
