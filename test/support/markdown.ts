/** A page of Markdown as tests look at it: its code spans, links, headings and fenced blocks, each with its line. */

export interface Span {
  text: string;
  /** From 1. */
  line: number;
}

export interface Block {
  /** The language after the fence: `sh`, `text`, `ts`. */
  language: string;
  text: string;
  line: number;
}

export interface Markdown {
  /** The text in back-ticks, outside of blocks. */
  spans: Span[];
  /** Targets of links and of images: an address, or a path with or without an anchor. */
  links: Span[];
  /** Anchors of the headings, as GitHub makes them. */
  anchors: ReadonlySet<string>;
  blocks: Block[];
}

export function readMarkdown(text: string): Markdown {
  const spans: Span[] = [];
  const links: Span[] = [];
  const anchors = new Set<string>();
  const blocks: Block[] = [];
  let block: Block | null = null;
  for (const [index, content] of text.split('\n').entries()) {
    const line = index + 1;
    if (block !== null) {
      if (content.trimEnd() === '```') block = null;
      else block.text += `${content}\n`;
      continue;
    }
    const fence = /^```(\S*)/.exec(content);
    if (fence) {
      block = { language: fence[1]!, text: '', line };
      blocks.push(block);
      continue;
    }
    for (const [, code] of content.matchAll(/`([^`]+)`/g)) spans.push({ text: code!, line });
    const heading = /^#+ (.*)$/.exec(content);
    if (heading) anchors.add(anchorOf(heading[1]!, anchors));
    const bare = content.replaceAll(/`[^`]+`/g, 'code');
    for (const [, target] of bare.matchAll(/\]\(([^()\s]+)\)/g)) links.push({ text: target!, line });
    for (const [, target] of bare.matchAll(/(?:src|srcset|href)="([^"]+)"/g))
      links.push({ text: target!, line });
  }
  return { spans, links, anchors, blocks };
}

/** The anchor of a heading that occurs twice gets a number. */
function anchorOf(heading: string, taken: ReadonlySet<string>): string {
  const slug = heading
    .toLowerCase()
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[^\p{Letter}\p{Number}\-_ ]/gu, '')
    .replaceAll(' ', '-');
  let anchor = slug;
  for (let number = 1; taken.has(anchor); number++) anchor = `${slug}-${number}`;
  return anchor;
}
