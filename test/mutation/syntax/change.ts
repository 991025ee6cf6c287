/** A change that an operator proposes for one node, before it has a name. */
import ts from 'typescript';
import { isPure } from './purity.ts';

export interface Change {
  operator: string;
  start: number;
  end: number;
  after: string;
  probe: { kind: 'expression' | 'statement' | 'block'; node: ts.Node; alternative: string | null };
}

/** An operator looks at one node and returns the possible mistakes there. */
export type Operator = (node: ts.Node) => Change[];

/** The node becomes another expression. */
export function expressionChange(operator: string, node: ts.Expression, after: string): Change {
  const alternative = isPure(node) ? after : null;
  return {
    operator,
    start: node.getStart(),
    end: node.end,
    after,
    probe: { kind: 'expression', node, alternative },
  };
}

/** A part of an expression is replaced; `probed` is the whole expression, whose value a probe can compare. */
export function partChange(
  operator: string,
  part: { start: number; end: number },
  after: string,
  probed: ts.Expression,
): Change {
  const start = probed.getStart();
  const text = probed.getText();
  const whole = text.slice(0, part.start - start) + after + text.slice(part.end - start);
  const alternative = isPure(probed) ? whole : null;
  return { operator, ...part, after, probe: { kind: 'expression', node: probed, alternative } };
}

/** The statement is removed, or becomes another one. */
export function statementChange(operator: string, node: ts.Statement, after: string): Change {
  const probe = { kind: 'statement' as const, node, alternative: null };
  return { operator, start: node.getStart(), end: node.end, after, probe };
}

export const spanOf = (node: ts.Node) => ({ start: node.getStart(), end: node.end });
