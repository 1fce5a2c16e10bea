import { once } from 'node:events';
import { Agent, type ServerResponse } from 'node:http';
import { connect as connectHttp2, createServer } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import {
  begin,
  readAnswer,
  response,
  send,
  tunnel,
  type Answer,
  type Place,
} from '../harness/http-client.ts';
import { startMesh, type Mesh, type MeshSpec, type Proxy } from '../harness/pods.ts';

describe('drain', () => {
  let mesh: Mesh | undefined;
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) end();
    await mesh?.close();
  });

  /** An HTTP/2 application that holds its answers back. */
  async function startHttp2(at: Place): Promise<ServerHttp2Stream[]> {
    const held: ServerHttp2Stream[] = [];
    const server = createServer().on('stream', (stream) => held.push(stream.on('error', () => undefined)));
    server.listen(at.port, at.address);
    await once(server, 'listening');
    ends.push(() => server.close());
    return held;
  }

  async function start(gateway: MeshSpec['gateway'] = {}): Promise<{ mesh: Mesh; gateway: Proxy }> {
    mesh = await startMesh({
      gateway,
      pods: [
        { name: 'B', service: 'b', sidecar: false },
        { name: 'H', service: 'h', sidecar: false, app: false },
      ],
      config: {
        gateway: {
          routes: [
            { hosts: ['*'], service: 'b' },
            { hosts: ['h'], service: 'h' },
          ],
        },
      },
    });
    return { mesh, gateway: mesh.gateway };
  }

  /** The application holds its answers back until `release`. */
  function holdAnswers(in_: Mesh): { readonly held: ServerResponse[]; release(): void } {
    const held: ServerResponse[] = [];
    in_.pod('B').app.handler = (request, answer) => {
      request.resume();
      held.push(answer);
    };
    return {
      held,
      release() {
        for (const answer of held.splice(0)) answer.end('late');
      },
    };
  }

  const readiness = async (proxy: Proxy): Promise<number> =>
    (await send(proxy.status, { path: '/ready' })).status;

  const draining = (proxy: Proxy): Promise<boolean> =>
    eventually('the drain', () => proxy.process.output().includes('"event":"draining"'));

  it.each([
    ['SIGTERM', (proxy: Proxy) => void process.kill(proxy.process.pid, 'SIGTERM')],
    ['POST /drain', (proxy: Proxy) => void proxy.ask('/drain', 'POST')],
  ])(
    'finishes by %s what is in flight, says so to its clients, refuses new ones, exits with 0',
    async (_by, ask) => {
      const { mesh: running, gateway } = await start();
      expect(await readiness(gateway)).toBe(200);
      const app = holdAnswers(running);
      const heldStreams = await startHttp2(running.pod('H').appAt);
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const idle = connect(gateway.entry.port, gateway.entry.address);
      const idleEnded = once(idle.resume(), 'end');
      const session = connectHttp2(`http://${gateway.entry.address}:${gateway.entry.port}`);
      const goaway = once(session, 'goaway');
      const answers = [send(gateway.entry, { agent, method: 'POST', body: 'x' }), send(gateway.entry)];
      const streams = [overHttp2(session), overHttp2(session)];
      await eventually('four requests in flight', () => app.held.length + heldStreams.length === 4);
      ask(gateway);
      await draining(gateway);
      expect(await readiness(gateway)).toBe(503);
      await expect(send(gateway.entry)).rejects.toThrow(/ECONNREFUSED|ECONNRESET|socket hang up/);
      await idleEnded;
      await goaway;
      app.release();
      for (const stream of heldStreams) {
        stream.respond();
        stream.end('late');
      }
      for (const answer of await Promise.all(answers)) {
        expect([answer.status, answer.text, answer.headers.connection]).toEqual([200, 'late', 'close']);
      }
      expect(await Promise.all(streams)).toEqual(['200 late', '200 late']);
      session.destroy();
      agent.destroy();
      idle.destroy();
      expect(await gateway.process.exited).toBe(0);
    },
  );

  it('gives every request that it has taken its answer, under load', async () => {
    const { gateway } = await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const failures: unknown[] = [];
    let done = 0;
    let isDraining = false;
    const load = async (): Promise<void> => {
      for (;;) {
        const answer = await send(gateway.entry, { agent }).catch((error: unknown) => error as Error);
        if (answer instanceof Error) {
          // A new connection is refused by then, and that is all that may happen.
          if (!(isDraining && /ECONNREFUSED/.test(answer.message))) failures.push(answer);
          return;
        }
        if (answer.status !== 200) failures.push(answer.status);
        done += 1;
      }
    };
    const loads = Array.from({ length: 8 }, load);
    await eventually('load', () => done > 200);
    isDraining = true;
    process.kill(gateway.process.pid, 'SIGTERM');
    await Promise.all(loads);
    expect(await gateway.process.exited).toBe(0);
    agent.destroy();
    expect(failures).toEqual([]);
  });

  it('lets an upload, a slow download and a tunnel go to their end', async () => {
    mesh = await startMesh({
      pods: [
        { name: 'A', service: 'a' },
        { name: 'B', service: 'b', sidecar: false },
      ],
    });
    const { proxy } = mesh.pod('A');
    const app = holdAnswers(mesh);
    const upload = begin(proxy.entry, { host: 'b', method: 'PUT', headers: { 'content-length': '6' } });
    upload.write('abc');
    const socket = await tunnel(proxy.entry, 'b:80');
    const throughTunnel = send(proxy.entry, { socket, host: 'b' });
    await eventually('both in flight', () => app.held.length === 2);
    process.kill(proxy.process.pid, 'SIGTERM');
    await draining(proxy);
    upload.end('def');
    for (const answer of app.held) answer.write('first ');
    app.release();
    const answers: Answer[] = [await readAnswer(await response(upload)), await throughTunnel];
    expect(answers.map((answer) => answer.text)).toEqual(['first late', 'first late']);
    expect(await proxy.process.exited).toBe(0);
  });

  it('ends at the deadline what does not end by itself, and exits with 1', async () => {
    const { mesh: running, gateway } = await start({ drainTimeoutMs: '200' });
    const app = holdAnswers(running);
    const failed = failureOf(send(gateway.entry));
    await eventually('a request in flight', () => app.held.length === 1);
    process.kill(gateway.process.pid, 'SIGTERM');
    expect(await gateway.process.exited).toBe(1);
    expect(await failed).toMatch(/socket hang up|ECONNRESET/);
    expect(gateway.process.output()).toContain('drain_deadline_passed');
  });

  it('ends at once by a second signal', async () => {
    const { mesh: running, gateway } = await start();
    const app = holdAnswers(running);
    const failed = failureOf(send(gateway.entry));
    await eventually('a request in flight', () => app.held.length === 1);
    process.kill(gateway.process.pid, 'SIGTERM');
    await draining(gateway);
    process.kill(gateway.process.pid, 'SIGINT');
    expect(await gateway.process.exited).toBe(130);
    expect(await failed).toMatch(/socket hang up|ECONNRESET/);
  });
});

/** Listens at once, so that a failure before anybody asks is not an unhandled one. */
function failureOf(request: Promise<Answer>): Promise<string> {
  return request.then(
    (answer) => `answered ${answer.status}`,
    (error: unknown) => String(error),
  );
}

async function overHttp2(session: ClientHttp2Session): Promise<string> {
  const stream = session.request({ ':authority': 'h' });
  let body = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
  const [head] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status': number }];
  await once(stream, 'end');
  return `${head[':status']} ${body}`;
}
