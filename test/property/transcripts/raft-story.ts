/** The messages between Raft nodes, one a line; time plays no part in it. */
import { Group } from '../../unit/sim/raft/group.ts';
import type { Message, MessageKind } from '../../../sim/raft/message.ts';

export class RaftStory {
  readonly group: Group;
  private readonly lines: string[] = [];

  constructor(members: 3 | 5, options: { preVote: boolean }) {
    this.group = new Group(members, options);
  }

  /** A sentence of the story itself: an action, or its result. */
  say(sentence: string): void {
    this.lines.push('', sentence);
  }

  /** Delivers the waiting messages, and those that they cause; messages to or from cut-off nodes are lost. */
  deliver({ cutOff = [] }: { cutOff?: readonly number[] } = {}): void {
    this.group.deliver((message) => {
      const isLost = cutOff.includes(message.from) || cutOff.includes(message.to);
      this.lines.push(`  ${wordsOfMessage(message)}${isLost ? '   (lost)' : ''}`);
      return !isLost;
    });
  }

  text(title: string): string {
    return `${[title, ...this.lines].join('\n')}\n`;
  }
}

function wordsOfMessage(message: Message): string {
  const { kind, from, to } = message;
  return `member ${from} to member ${to}:   ${sayings[kind](message)}`;
}

const answer = (reject: boolean) => (reject ? 'no' : 'yes');

const sayings: Record<MessageKind, (message: Message) => string> = {
  propose: () => 'please append this',
  append: ({ entries, term, index, commit }) =>
    `append ${entries.length} after ${index}, all up to ${commit} is committed (term ${term})`,
  append_response: ({ reject, index, term }) =>
    reject ? `no, not after ${index} (term ${term})` : `I have all up to ${index} (term ${term})`,
  snapshot: ({ index, term }) => `take the state of after ${index} in the place of entries (term ${term})`,
  heartbeat: ({ term, context }) =>
    context === 0
      ? `I lead (term ${term})`
      : `I lead (term ${term}); do you still follow me? (round ${context})`,
  heartbeat_response: ({ term, context }) =>
    context === 0 ? `I follow (term ${term})` : `I follow (term ${term}, round ${context})`,
  pre_vote: ({ term, index }) => `would you vote for me in term ${term}? My log goes up to ${index}`,
  pre_vote_response: ({ reject, term }) => `${answer(reject)}, I would${reject ? ' not' : ''} (term ${term})`,
  vote: ({ term, index }) => `vote for me in term ${term}. My log goes up to ${index}`,
  vote_response: ({ reject, term }) => `${answer(reject)} (term ${term})`,
  read_index: ({ context }) => `up to where must I have applied, to answer read ${context}?`,
  read_index_response: ({ context, index }) => `for read ${context}: up to ${index}`,
};
