/**
 * The parts that are not mutated: types, imports, words for people, and tables of bounds, because another bound would change
 * nothing that is promised.
 */
import ts from 'typescript';

const wordFields = new Set(['message', 'cause']);

export function isUnmutated(node: ts.Node): boolean {
  if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return true;
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return true;
  if (ts.isCallExpression(node)) return isTraceCall(node);
  // Bounds are tuned; tests and the simulator tighten them.
  if (ts.isVariableDeclaration(node)) return /^default\w*Limits$/.test(node.name.getText());
  if (ts.isNewExpression(node)) return node.expression.getText().endsWith('Error');
  if (ts.isPropertyAssignment(node)) return wordFields.has(node.name.getText());
  if (ts.isPropertyDeclaration(node)) return node.name.getText() === 'name';
  return false;
}

/** `trace.emit(...)` of any trace, and the mover's report of its phase. */
function isTraceCall(node: ts.Node): boolean {
  return ts.isCallExpression(node) && /\b(trace\.emit|enter)$/.test(node.expression.getText());
}

/** A statement that only reports. */
export function isTraceStatement(node: ts.Node): boolean {
  return ts.isExpressionStatement(node) && isTraceCall(node.expression);
}
