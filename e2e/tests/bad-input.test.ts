import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect as connectHttp2, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import { connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { begin, readAnswer, response, send, type Place } from '../harness/http-client.ts';
import { startMesh, type Mesh } from '../harness/pods.ts';

const limits = {
  headTimeoutMs: '300',
  idleTimeoutMs: '1500',
  responseTimeoutMs: '500',
  maxHeadBytes: '8192',
};
const SPEC = {
  gateway: limits,
  pods: [
    { name: 'A', service: 'a', variables: limits },
    { name: 'U', service: 'u', app: false, sidecar: false },
  ],
  config: {
    gateway: {
      routes: [
        { hosts: ['*'], service: 'a' },
        { hosts: ['u'], service: 'u' },
      ],
    },
  },
};

const head = (...lines: readonly string[]): string =>
  ['POST / HTTP/1.1', 'Host: a', ...lines, '', ''].join('\r\n');
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

/** Name, bytes, status. */
const MALFORMED: readonly (readonly [string, string, number])[] = [
  [
    'content-length beside transfer-encoding',
    `${head('Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n${SMUGGLED}`,
    400,
  ],
  ['two lengths', `${head('Content-Length: 0', 'Content-Length: 36')}${SMUGGLED}`, 400],
  ['a list of lengths', `${head('Content-Length: 0, 36')}${SMUGGLED}`, 400],
  ['a signed length', `${head('Content-Length: +3')}abc`, 400],
  ['an unknown transfer coding', `${head('Transfer-Encoding: xchunked')}${SMUGGLED}`, 501],
  ['chunked that is not last', `${head('Transfer-Encoding: chunked, gzip')}0\r\n\r\n${SMUGGLED}`, 400],
  ['lines that end with a bare LF', 'GET / HTTP/1.1\nHost: a\n\n', 400],
  ['a folded line', head('X-a: 1', ' folded'), 400],
  ['a space before the colon', head('Transfer-Encoding : chunked'), 400],
  ['a space in a name', head('X a: 1'), 400],
  ['a NUL in a value', head('X-a: 1\0'), 400],
  ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
  ['two hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: u\r\n\r\n', 400],
  ['a target that names another host', 'GET http://u/ HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['an endless head', head(`X-a: ${'x'.repeat(20_000)}`), 431],
  ['no HTTP version that exists', 'GET / HTTP/9.9\r\nHost: a\r\n\r\n', 400],
];

/** What a client makes of a connection that is reset in the middle of a response. */
const BROKEN_OFF = /aborted|socket hang up|ECONNRESET/;

describe('bad input', () => {
  let mesh: Mesh;
  let close: () => Promise<void> = () => Promise.resolve();
  const seen: string[] = [];
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    mesh = await startMesh(SPEC);
    close = () => mesh.close();
    mesh.pod('A').app.handler = (request, answer) => {
      seen.push(request.url ?? '');
      request.resume().on('end', () => answer.end('fine'));
    };
  }, 60_000);
  afterAll(() => close());
  afterEach(() => {
    for (const end of ends.splice(0)) end();
    seen.length = 0;
  });

  const places: Readonly<Record<string, () => Place>> = {
    gateway: () => mesh.gateway.entry,
    outbound: () => mesh.pod('A').proxy.entry,
    inbound: () => mesh.pod('A').endpoint,
  };
  const at = (name: string): Place => places[name]?.() ?? mesh.gateway.entry;

  function dial({ address, port }: Place): Socket {
    const socket = connect(port, address).on('error', () => undefined);
    ends.push(() => socket.destroy());
    return socket;
  }

  /** Everything that comes until the proxy has closed. */
  function answerTo(place: Place, bytes: string): Promise<string> {
    const socket = dial(place);
    socket.write(bytes, 'latin1');
    return text(socket);
  }

  const statusesOf = (answer: string): readonly number[] =>
    [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));

  const isFine = async (place: Place): Promise<void> => {
    expect((await send(place, { host: 'a' })).text).toBe('fine');
  };

  describe.each(Object.keys(places))('at the %s listener', (name) => {
    it.each(MALFORMED)(
      'answers %s once, closes, and brings nothing of it to the application',
      async (_what, bytes, status) => {
        expect(statusesOf(await answerTo(at(name), bytes))).toEqual([status]);
        expect(seen).toEqual([]);
        await isFine(at(name));
      },
    );

    it('answers a bad chunk with 400 and closes; the application never sees the end of such a body', async () => {
      let ended = 0;
      const { app } = mesh.pod('A');
      const before = app.handler;
      app.handler = (request) => void request.resume().on('end', () => (ended += 1));
      const answer = await answerTo(
        at(name),
        `${head('Transfer-Encoding: chunked')}3\r\nabc\r\nzz\r\n${SMUGGLED}`,
      );
      app.handler = before;
      expect(statusesOf(answer)).toEqual([400]);
      expect(ended).toBe(0);
      await isFine(at(name));
    });

    it('refuses an :authority that host contradicts', async () => {
      const session = http2(at(name));
      expect(await ask(session, { ':authority': 'a', host: 'u' })).toBe(400);
      expect(seen).toEqual([]);
    });

    it('survives thousands of streams that are reset at once', async () => {
      const session = http2(at(name));
      await once(session, 'connect');
      for (let turn = 0; turn < 3_000 && !session.destroyed; turn += 1) {
        session
          .request({ ':authority': 'a' })
          .on('error', () => undefined)
          .close(8);
      }
      await isFine(at(name));
    });
  });

  it('does not wait for ever for a head, nor for the next request, at any listener', async () => {
    const heads = Object.keys(places).map((name) => answerTo(at(name), 'GET / HTTP/1.1\r\nHost: a\r\nX-sl'));
    const idle = Object.keys(places).map((name) =>
      answerTo(at(name), 'GET /idle HTTP/1.1\r\nHost: a\r\n\r\n'),
    );
    for (const answer of await Promise.all(heads)) expect(statusesOf(answer)).toEqual([408]);
    for (const answer of await Promise.all(idle)) expect(statusesOf(answer)).toEqual([200]);
    expect(seen).toEqual(['/idle', '/idle', '/idle']);
  });

  function http2({ address, port }: Place): ClientHttp2Session {
    const session = connectHttp2(`http://${address}:${port}`).on('error', () => undefined);
    ends.push(() => session.destroy());
    return session;
  }

  async function ask(
    session: ClientHttp2Session,
    headers: Readonly<Record<string, string>>,
  ): Promise<number> {
    const stream = session.request(headers);
    const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status': number }];
    stream.close();
    return answer[':status'];
  }

  describe('from an application', () => {
    const OK = 'HTTP/1.1 200 OK\r\n';

    /** An application that answers every connection with these bytes, whatever it is asked. */
    async function respondWith(bytes: string | undefined, isCut = true): Promise<void> {
      const { address, port } = mesh.pod('U').appAt;
      const peers = new Set<Socket>();
      const server = createServer((peer) => {
        peers.add(peer.on('error', () => undefined));
        peer.on('data', () => {
          if (bytes === undefined) return;
          peer.write(bytes, 'latin1', () => (isCut ? peer.destroySoon() : undefined));
        });
      });
      server.listen(port, address);
      await once(server, 'listening');
      ends.push(() => {
        server.close();
        for (const peer of peers) peer.destroy();
      });
    }

    it.each([
      ['bytes that are no HTTP', 'hello there\r\n\r\n', 502, 'upstream-malformed'],
      ['nothing, and goes', '', 502, 'upstream-reset'],
      ['half a head', `${OK}Content-Le`, 502, 'upstream-reset'],
      ['two lengths', `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nokk`, 502, 'upstream-malformed'],
      [
        'a length beside chunked',
        `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
        502,
        'upstream-malformed',
      ],
      ['an endless head', `${OK}X-a: ${'x'.repeat(1_000_000)}\r\n\r\n`, 502, 'upstream-malformed'],
      ['nothing, and stays', undefined, 504, 'response-timeout'],
    ])('answers %s with its reason', async (_what, bytes, status, code) => {
      await respondWith(bytes);
      const answer = await send(mesh.gateway.entry, { host: 'u', method: 'POST', body: 'x' });
      expect([answer.status, answer.headers['x-lanekeeper-error']]).toEqual([status, code]);
      await isFine(mesh.gateway.entry);
    });

    it.each([
      ['a length', `${OK}Content-Length: 10\r\n\r\nabc`, BROKEN_OFF],
      ['chunks', `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`, BROKEN_OFF],
      // Where nothing has gone out yet it can still be answered for.
      [
        'a broken chunk',
        `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n`,
        /^502 upstream-truncated$|aborted|socket hang up|ECONNRESET/,
      ],
    ])('never makes a success of a body that is cut short, by %s', async (_what, bytes, expected) => {
      await respondWith(bytes);
      const outcome = await send(mesh.gateway.entry, { host: 'u' }).then(
        ({ status, headers }) => `${status} ${String(headers['x-lanekeeper-error'])}`,
        String,
      );
      expect(outcome).toMatch(expected);
      await isFine(mesh.gateway.entry);
    });

    it('gives nobody what an application says beyond its answer', async () => {
      await respondWith(`${OK}Content-Length: 2\r\n\r\nok${OK}Content-Length: 6\r\n\r\npoison`, false);
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      ends.push(() => agent.destroy());
      for (let turn = 0; turn < 3; turn += 1) {
        expect((await send(mesh.gateway.entry, { host: 'u', agent })).text).toBe('ok');
        expect((await send(mesh.gateway.entry, { host: 'a', agent })).text).toBe('fine');
      }
    });

    it('hands on early hints and repeated fields', async () => {
      const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n';
      await respondWith(`${hints}${OK}Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok`);
      const request = begin(mesh.gateway.entry, { host: 'u' });
      const informed = once(request, 'information');
      request.end();
      const answer = await readAnswer(await response(request));
      expect((await informed)[0]).toMatchObject({ statusCode: 103, headers: { link: '</a.css>' } });
      expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    });
  });

  it('counts what was refused, and every process is the one that was started', async () => {
    const before = await mesh.gateway.metric('lanekeeper_errors_total', { error: 'malformed-request' });
    await answerTo(mesh.gateway.entry, head('X a: 1'));
    await eventually('the count', async () => {
      const now = await mesh.gateway.metric('lanekeeper_errors_total', { error: 'malformed-request' });
      return now === before + 1;
    });
    for (const proxy of [mesh.gateway, mesh.pod('A').proxy])
      expect(proxy.process.output()).not.toContain('"level":"error"');
  });
});
