import { expect, test } from 'vitest';
import { parseProcesses } from '../../../../../cluster/providers/kind/node-processes.ts';

const one = 'a'.repeat(64);
const two = 'b'.repeat(64);
const node = 'c'.repeat(64);

test('processes belong to the containers whose ids stand in their control groups, and stopped ones are seen', () => {
  const answer = [
    `/proc/1/cgroup:${node}`,
    `/proc/41/cgroup:${node}`,
    `/proc/41/cgroup:${one}`,
    `/proc/41/cgroup:${one}`,
    `/proc/42/cgroup:${two}`,
    '/proc/1/status:State:\tS (sleeping)',
    '/proc/41/status:State:\tT (stopped)',
    '/proc/42/status:State:\tR (running)',
    '',
  ].join('\n');
  const processes = parseProcesses(answer);
  expect(processes.get(one)).toEqual([{ pid: 41, isPaused: true }]);
  expect(processes.get(two)).toEqual([{ pid: 42, isPaused: false }]);
  expect(processes.get(node)?.map(({ pid }) => pid)).toEqual([1, 41]);
});
