/**
 * Whether an expression can be evaluated once more without an effect: it reads names, fields and literals, and calls only
 * functions that are known to change nothing. In doubt it is impure.
 */
import ts from 'typescript';

const pureMethods = new Set(
  'at,ceil,concat,every,filter,find,findLast,findLastIndex,flat,flatMap,floor,from,get,has,includes,indexOf,isInteger,isSafeInteger,join,keys,map,max,min,nowMs,round,slice,some,startsWith,endsWith,entries,values,toSorted,toReversed,String,Number,Boolean,BigInt'.split(
    ',',
  ),
);

export function isPure(node: ts.Node): boolean {
  if (ts.isTypeNode(node)) return true;
  if (ts.isIdentifier(node) || ts.isLiteralExpression(node) || isWord(node)) return true;
  if (ts.isArrowFunction(node)) return !ts.isBlock(node.body) && isPure(node.body);
  if (ts.isCallExpression(node)) return isPureCall(node);
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    const assigns = kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
    return !assigns && isPure(node.left) && isPure(node.right);
  }
  if (ts.isPrefixUnaryExpression(node)) {
    const { operator } = node;
    const counts = operator === ts.SyntaxKind.PlusPlusToken || operator === ts.SyntaxKind.MinusMinusToken;
    return !counts && isPure(node.operand);
  }
  return isTransparent(node) && childrenOf(node).every(isPure);
}

function isPureCall(node: ts.CallExpression): boolean {
  const { expression } = node;
  const name = ts.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText();
  return pureMethods.has(name) && isPure(expression) && node.arguments.every(isPure);
}

function isWord({ kind }: ts.Node): boolean {
  return (
    kind === ts.SyntaxKind.TrueKeyword ||
    kind === ts.SyntaxKind.FalseKeyword ||
    kind === ts.SyntaxKind.NullKeyword ||
    kind === ts.SyntaxKind.ThisKeyword ||
    kind === ts.SyntaxKind.QuestionDotToken
  );
}

/** Nodes that are pure when all their children are. */
function isTransparent(node: ts.Node): boolean {
  return (
    ts.isParenthesizedExpression(node) ||
    ts.isPropertyAccessExpression(node) ||
    ts.isElementAccessExpression(node) ||
    ts.isConditionalExpression(node) ||
    ts.isNonNullExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isTypeOfExpression(node) ||
    ts.isArrayLiteralExpression(node) ||
    ts.isSpreadElement(node) ||
    ts.isTemplateExpression(node) ||
    ts.isTemplateSpan(node) ||
    ts.isTemplateHead(node) ||
    ts.isTemplateMiddle(node) ||
    ts.isTemplateTail(node)
  );
}

function childrenOf(node: ts.Node): ts.Node[] {
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => {
    if (child.kind !== ts.SyntaxKind.QuestionToken && child.kind !== ts.SyntaxKind.ColonToken)
      children.push(child);
  });
  return children;
}
