/** Mistakes in comparisons and logical operators. */
import ts from 'typescript';
import { type Change, expressionChange, type Operator, partChange, spanOf } from './change.ts';

const boundaries = new Map([
  ['<', '<='],
  ['<=', '<'],
  ['>', '>='],
  ['>=', '>'],
]);
const opposites = new Map([
  ['<', '>='],
  ['<=', '>'],
  ['>', '<='],
  ['>=', '<'],
  ['===', '!=='],
  ['!==', '==='],
]);
const logical = new Map([
  ['&&', '||'],
  ['||', '&&'],
]);

export const comparisons: Operator = (node) => {
  if (!ts.isBinaryExpression(node)) return [];
  const token = node.operatorToken.getText();
  const swap = (name: string, other: string | undefined) =>
    other === undefined ? [] : [partChange(name, spanOf(node.operatorToken), other, node)];
  return [...swap('boundary', boundaries.get(token)), ...swap('negated comparison', opposites.get(token))];
};

/** Another logical operator, or only one of its operands. */
export const conclusions: Operator = (node) => {
  if (!ts.isBinaryExpression(node)) return [];
  const token = node.operatorToken.getText();
  const other = logical.get(token);
  const one = [node.left, node.right].map((side) =>
    expressionChange('one side', node, `(${side.getText()})`),
  );
  if (other !== undefined)
    return [partChange('logical operator', spanOf(node.operatorToken), other, node), ...one];
  return token === '??' ? one : [];
};

/** A condition that is always true, or never. Comparisons, logical operators and negations are negated elsewhere. */
export const branches: Operator = (node) => {
  const condition = conditionOf(node);
  if (condition === null) return [];
  const never = expressionChange('condition', condition, 'false');
  // An endless loop shows itself at once.
  const isLoop = !ts.isIfStatement(node) && !ts.isConditionalExpression(node);
  const changes: Change[] = isLoop ? [never] : [expressionChange('condition', condition, 'true'), never];
  if (!isNegatedElsewhere(condition))
    changes.push(expressionChange('negated condition', condition, `!(${condition.getText()})`));
  return changes;
};

export const negations: Operator = (node) =>
  ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken
    ? [expressionChange('negation', node, node.operand.getText())]
    : [];

function conditionOf(node: ts.Node): ts.Expression | null {
  if (ts.isIfStatement(node) || ts.isWhileStatement(node) || ts.isDoStatement(node)) return node.expression;
  if (ts.isConditionalExpression(node) || ts.isForStatement(node)) return node.condition ?? null;
  return null;
}

function isNegatedElsewhere(condition: ts.Expression): boolean {
  if (ts.isPrefixUnaryExpression(condition)) return true;
  if (!ts.isBinaryExpression(condition)) return false;
  const token = condition.operatorToken.getText();
  return opposites.has(token) || logical.has(token);
}
