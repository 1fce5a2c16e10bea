import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fastDriver, slowDriver } from '../testing/create-http-driver.ts';
import { eventually } from '../testing/eventually.ts';
import { rawClient } from '../testing/raw-client.ts';
import { rawUpstream } from '../testing/raw-upstream.ts';
import { startDriver, type CreateDriver } from '../testing/start-driver.ts';

/** One exchange: what the client sends, in pieces, and what the upstream answers once it has all. */
interface Case {
  readonly head: string;
  readonly body: string;
  readonly cuts: readonly number[];
  readonly response: string;
}

/** A message as its receiver understands it. */
interface Message {
  readonly line: string;
  /** By lower-case name, in their order: the order of different names says nothing (RFC 9110, section 5.3). */
  readonly fields: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
}

const SEPARATOR = '\r\n\r\n';

/**
 * What the two drivers may do differently, and why it means the same (docs/http-drivers.md):
 * blanks around a value, which are no part of it, stay with the fast driver; fields of one name stand together with the slow one, cookies in one
 * field;
 * a request without a body says so (`content-length: 0`) with the slow one where its method suggests a body;
 * chunks go through the fast driver as they were cut, extensions included; `Transfer-Encoding` keeps its place and its spelling there.
 */
function messageOf(bytes: string): Message {
  const end = bytes.indexOf(SEPARATOR);
  const [line = '', ...lines] = bytes.slice(0, end).split('\r\n');
  const fields: Record<string, string[]> = Object.create(null);
  for (const each of lines) {
    const colon = each.indexOf(':');
    const name = each.slice(0, colon).toLowerCase();
    const value = each.slice(colon + 1).trim();
    (fields[name] ??= []).push(name === 'transfer-encoding' ? value.toLowerCase() : value);
  }
  if (fields['content-length']?.join() === '0') delete fields['content-length'];
  const { cookie } = fields;
  if (cookie !== undefined) fields['cookie'] = [cookie.join('; ').trim()];
  const body = bytes.slice(end + SEPARATOR.length);
  return { line, fields, body: fields['transfer-encoding'] === undefined ? body : unchunked(body) };
}

/** The data, then the trailers. */
function unchunked(body: string): string {
  let data = '';
  for (let at = 0; ;) {
    const lineEnd = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.slice(at, lineEnd), 16);
    if (!(size > 0)) return `${data}|${body.slice(lineEnd)}`;
    data += body.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
  }
}

async function play(create: CreateDriver, { head, body, cuts, response }: Case) {
  let isAnswered = false;
  const upstream = await rawUpstream({
    onData(socket, received) {
      if (isAnswered || !isWhole(received)) return;
      isAnswered = true;
      socket.write(response, 'latin1');
    },
  });
  const { port, handler } = await startDriver(create, {
    targets: [upstream.target],
    requestEdits: [{ name: 'baggage', value: 'lane=gray' }],
    responseEdits: [{ name: 'x-lanekeeper-decision', value: 'gray' }],
  });
  const client = rawClient(port);
  client.socket.setNoDelay(true);
  const bytes = head + body;
  const places = [0, ...cuts.filter((cut) => cut > 0 && cut < bytes.length)].sort((a, b) => a - b);
  for (const [at, from] of places.entries()) client.write(bytes.slice(from, places[at + 1]));
  await eventually('the end of the exchange', () => handler.exchanges[0]?.ends.length);
  await eventually('the response', () => isWhole(client.received()) || client.socket.destroyed);
  const [exchange] = handler.exchanges;
  return {
    sent: messageOf(upstream.connections.map((one) => one.received()).join('')),
    got: messageOf(client.received()),
    ends: exchange?.ends.map(({ status, error }) => ({ status, code: error?.code })),
    head: { ...exchange?.head, headers: exchange?.head.headers.get('x-a') },
  };
}

/** Whether a message that is known to be well-formed has come to its end. */
function isWhole(bytes: string): boolean {
  const end = bytes.indexOf(SEPARATOR);
  if (end < 0) return false;
  const { fields } = messageOf(`${bytes.slice(0, end)}${SEPARATOR}`);
  const body = bytes.slice(end + SEPARATOR.length);
  if (fields['transfer-encoding'] !== undefined)
    return /(?:^|\r\n)0+(?:;[^\r]*)?\r\n(?:[^\r]+\r\n)*\r\n$/.test(body);
  return body.length >= Number(fields['content-length']?.[0] ?? 0);
}

const text = fc.string({ unit: fc.constantFrom('a', 'b', '0', '\r\n', ' ', '\xe9', ';'), maxLength: 40 });
const chunked = fc
  .tuple(
    fc.array(fc.tuple(text, fc.constantFrom('', ';a=1')), { maxLength: 4 }),
    fc.constantFrom('', 'X-Sum: 1\r\n', 'Host: evil\r\nX-Sum: 2\r\n'),
  )
  .map(([chunks, trailers]) => {
    const parts = chunks
      .filter(([data]) => data !== '')
      .map(([data, extension]) => `${data.length.toString(16)}${extension}\r\n${data}\r\n`);
    return `${parts.join('')}0\r\n${trailers}\r\n`;
  });
const blanks = fc.constantFrom('', ' ', '\t ', '  ');
const field = fc
  .tuple(
    fc.constantFrom('X-A', 'x-a', 'X-B', 'Accept', 'Cookie', 'Baggage', 'X-Hop', '__proto__'),
    blanks,
    text,
    blanks,
  )
  .map(([name, before, value, after]) => `${name}:${before}${value.replaceAll('\r\n', '')}${after}\r\n`);
const fields = fc.array(field, { maxLength: 6 }).map((lines) => lines.join(''));
const framed = fc.oneof(
  text.map((body) => ({ line: `Content-Length: ${body.length}\r\n`, body })),
  chunked.map((body) => ({ line: 'Transfer-Encoding: chunked\r\n', body })),
  fc.constant({ line: '', body: '' }),
);
const methods = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS');
const connection = fc.constantFrom('', 'Connection: keep-alive\r\n', 'Keep-Alive: timeout=3\r\n');
const cases: fc.Arbitrary<Case> = fc
  .record({
    ...{
      method: methods,
      target: fc.constantFrom('/', '/a?b=c', '//x/../y', '/%2e;p'),
      requestFields: fields,
    },
    ...{ request: framed, requestConnection: connection, cuts: fc.array(fc.nat(300), { maxLength: 3 }) },
    ...{ status: fc.constantFrom('200 OK', '299 Very  Odd', '404 ', '500 X\xe9'), responseFields: fields },
    ...{ responseConnection: connection, response: framed.filter(({ line }) => line !== '') },
  })
  .map((one) => ({
    head: `${one.method} ${one.target} HTTP/1.1\r\nHost: b\r\n${one.requestConnection}${one.requestFields}${one.request.line}\r\n`,
    body: one.request.body,
    cuts: one.cuts,
    response: `HTTP/1.1 ${one.status}\r\n${one.responseConnection}${one.responseFields}${one.response.line}\r\n${one.response.body}`,
  }));

test(
  'both drivers send the upstream and the client the same, and tell the same of it',
  { timeout: 60_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (one) => {
        const [fast, slow] = [await play(fastDriver, one), await play(slowDriver, one)];
        expect(fast).toEqual(slow);
      }),
      { numRuns: 300, seed: 1 },
    );
  },
);
