/**
 * What is wrong with a page: names in back-ticks that do not exist in the tree, and links without a target. Readers of a page
 * look for what it names, so each name must be the one in the code.
 *
 * In back-ticks stand: a path from the root of the checkout (`sharder/core/lane.ts`, `sim/raft/`), a name of the code
 * (`Lane`, `Lane.offer`, `handOver()`), a command (`make up`, `vase status`), or words that all stand in the sources. A name
 * with a path before it on its line is looked for in that file.
 */
import { posix } from 'node:path';
import { type Markdown, readMarkdown } from './markdown.ts';
import type { SourceTree } from './source-tree.ts';

/** Programs of other projects, with their arguments. */
const foreign = /^(curl|git|kubectl|kind|gcloud|docker|npm|etcdctl|sysctl|tail|ss|df) /;

/** One sentence each, with the page and the line. */
export function faultsOf(page: string, tree: SourceTree, text = tree.read(page)): string[] {
  const { spans, links } = readMarkdown(text);
  const faults: string[] = [];
  let file: { path: string; line: number } | null = null;
  for (const { text: span, line } of spans) {
    if (file !== null && file.line !== line) file = null;
    if (isPath(span)) {
      if (!exists(span, tree)) faults.push(`${page}:${line}: there is no file or folder ${span}`);
      else if (span.endsWith('.ts')) file = { path: span, line };
    } else {
      const fault = faultOfName(span, tree, file?.path);
      if (fault !== null) faults.push(`${page}:${line}: ${fault}`);
    }
  }
  for (const { text: target, line } of links) {
    const fault = faultOfLink(page, target, tree, text);
    if (fault !== null) faults.push(`${page}:${line}: ${fault}`);
  }
  return faults;
}

function isPath(span: string): boolean {
  return /^(?:sharder|cluster|sim|scripts|test|docs|\.ci)\/[\w./-]*$|^[\w.-]+\.(?:md|cjs)$/.test(span);
}

function exists(path: string, { files, folders }: SourceTree): boolean {
  return path.endsWith('/') ? folders.has(path.slice(0, -1)) : files.has(path) || folders.has(path);
}

function faultOfName(span: string, tree: SourceTree, file: string | undefined): string | null {
  const [first, second] = span.split(' ');
  if (first === 'make' && second !== undefined)
    return tree.isGoal(second) ? null : `there is no \`make ${second}\``;
  if (first === 'vase' && second !== undefined)
    return tree.isCommand(second) ? null : `there is no \`vase ${second}\``;
  if (foreign.test(`${span} `)) return null;
  const member = /^([A-Z]\w*)\.(\w+)(?:\(\))?$/.exec(span);
  const where = file === undefined ? 'nowhere' : `not in ${file}`;
  if (member && !span.endsWith('.md'))
    return tree.hasMember(member[1]!, member[2]!, file) ? null : `${span} is ${where}`;
  const called = /^(\w+)\(\)$/.exec(span);
  if (called) return tree.declares(called[1]!, file) ? null : `${span} is ${where}`;
  if (/^[A-Z][a-z]+(?:[A-Z][a-z]+)+$/.test(span) && !tree.exports(span) && !tree.says(span))
    return `nothing exports ${span}`;
  if (tree.says(span)) return null;
  const unsaid = wordsOf(span).filter((word) =>
    isPath(word) ? !exists(word, tree) : !word.split(/[./]/).every((part) => tree.says(part)),
  );
  return unsaid.length === 0 ? null : `no source says ${unsaid.join(', ')}`;
}

/** The words to look for: numbers and signs are for the reader only. */
function wordsOf(span: string): string[] {
  const words = span.match(/(?:--)?[A-Za-z][\w./-]*\w/g);
  return words === null ? [span] : words;
}

function faultOfLink(page: string, target: string, tree: SourceTree, text: string): string | null {
  if (/^(https?|mailto):/.test(target)) return null;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : posix.normalize(posix.join(posix.dirname(page), path));
  if (!exists(file, tree) && !exists(file.replace(/\/$/, ''), tree))
    return `the link to ${file} leads nowhere`;
  if (anchor === undefined || !file.endsWith('.md')) return null;
  const linked: Markdown = readMarkdown(file === page ? text : tree.read(file));
  return linked.anchors.has(anchor) ? null : `${file} has no heading #${anchor}`;
}
