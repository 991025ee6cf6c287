import { describe, expect, test } from 'vitest';
import { UnaryServer, type UnaryCall, type UnaryResult } from '../../../../sim/network/unary.ts';
import { World } from '../../../../sim/run/world/world.ts';

function clientAndServer() {
  const world = new World({ seed: 3 });
  const client = world.addProcess('client');
  const process = world.addProcess('server');
  const handled: string[] = [];
  let handle = (call: UnaryCall<string, string>): void => call.answer(`${call.request}!`);
  const server = new UnaryServer<string, string>(process, (call) => {
    handled.push(call.request);
    handle(call);
  });
  const results: UnaryResult<string>[] = [];
  const call = (request: string, deadlineMs = 1_000): void => {
    void world
      .caller(client)
      .call(server, request, { deadlineMs })
      .then((result) => results.push(result));
  };
  const silence = (): void => {
    handle = () => undefined;
  };
  return { world, client, server: process, handled, results, call, silence };
}

describe('unary call', () => {
  test('is carried out and answered', async () => {
    const { world, results, call } = clientAndServer();
    call('hello');
    await world.run({ untilMs: 100 });
    expect(results).toEqual([{ kind: 'reply', reply: 'hello!' }]);
  });

  test('is not sent when the process is down', async () => {
    const { world, server, handled, results, call } = clientAndServer();
    server.crash('kill');
    call('hello');
    await world.run({ untilMs: 100 });
    expect(results).toMatchObject([{ kind: 'not_sent' }]);
    expect(handled).toEqual([]);
    expect(world.counters.refusedConnections).toBe(1);
  });

  test('is not sent when the host is dark, as is known only at the deadline', async () => {
    const { world, server, results, call } = clientAndServer();
    server.crash('power');
    call('hello');
    await world.run({ untilMs: 999 });
    expect(results).toEqual([]);
    await world.run({ untilMs: 1_001 });
    expect(results).toMatchObject([{ kind: 'not_sent' }]);
  });

  test('is lost when the process dies after it was sent', async () => {
    const { world, server, handled, results, call, silence } = clientAndServer();
    silence();
    call('hello');
    await world.run({ untilMs: 50 });
    server.crash('kill');
    await world.run({ untilMs: 100 });
    expect(handled).toEqual(['hello']);
    expect(results).toMatchObject([{ kind: 'lost', message: 'server: connection reset' }]);
  });

  test('is lost at its deadline, and may be carried out long after it', async () => {
    const { world, handled, results, call } = clientAndServer();
    call('opens the connection');
    await world.run({ untilMs: 100 });
    world.network.cut({ from: 'client', to: 'server' });
    call('late');
    await world.run({ untilMs: 5_000 });
    expect(results.at(-1)).toMatchObject({ kind: 'lost', cause: 'deadline' });
    expect(handled).toEqual(['opens the connection']);
    world.network.heal();
    await world.run({ untilMs: 6_000 });
    expect(handled).toEqual(['opens the connection', 'late']);
    expect(results).toHaveLength(2);
  });

  test('that was held by a cut never reaches a later incarnation', async () => {
    const { world, server, handled, call } = clientAndServer();
    call('opens the connection');
    await world.run({ untilMs: 100 });
    world.network.cut({ from: 'client', to: 'server' });
    call('late');
    server.crash('kill');
    server.restart();
    world.network.heal();
    await world.run({ untilMs: 2_000 });
    expect(handled).toEqual(['opens the connection']);
  });

  test('waits while the server is paused', async () => {
    const { world, server, handled, results, call } = clientAndServer();
    server.pause();
    call('hello');
    await world.run({ untilMs: 500 });
    expect(handled).toEqual([]);
    server.resume();
    await world.run({ untilMs: 600 });
    expect(results).toEqual([{ kind: 'reply', reply: 'hello!' }]);
  });

  test('never settles for a client that has crashed', async () => {
    const { world, client, handled, results, call } = clientAndServer();
    call('hello');
    world.kernel.schedule(500, () => client.crash(), undefined);
    await world.run({ untilMs: 5_000 });
    expect(results).toEqual([]);
    client.restart();
    call('again');
    await world.run({ untilMs: 6_000 });
    expect(handled).toContain('again');
    expect(results).toEqual([{ kind: 'reply', reply: 'again!' }]);
  });

  test('made by a process that has just died is never sent, nor does its timer reach the next incarnation', async () => {
    const { world, client, handled, call } = clientAndServer();
    let isFired = false;
    world.kernel.scheduleAsync(1_000, () => {
      client.crash();
      call('from the grave');
      client.clock.schedule(10, () => (isFired = true));
      client.restart();
    });
    await world.run({ untilMs: 1_000 });
    expect(handled).toEqual([]);
    expect(isFired).toBe(false);
  });
});
