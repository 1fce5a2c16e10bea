import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { send, tunnel, type Answer, type Place } from './http-client.ts';

/** How an application reaches the next one through its own sidecar. */
export const FORMS = ['absolute', 'host', 'connect'] as const;
export type CallForm = (typeof FORMS)[number];

/** What one application of a chain saw. */
export interface Visit {
  readonly pod: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Name, value, name, value as they came. */
  readonly raw: readonly string[];
  /** Status of the call to the next one, where that was not 200. */
  readonly failed?: number;
}

export interface ChainApp {
  readonly server: Server;
  /** Answers in place of the chain until it is set back to undefined. */
  handler: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  /** Calls a service as this application does. */
  call(service: string, options?: CallOptions): Promise<Answer>;
}

export interface CallOptions {
  readonly form?: CallForm | undefined;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

export interface ChainOptions {
  /** Headers of the request that each application hands on, lower-case. */
  readonly forward?: readonly string[] | undefined;
  readonly form?: CallForm | undefined;
  /** Stands in the path of every request of the chain, so that its hops can be found. */
  readonly mark?: string | undefined;
}

/** `/chain?via=b,c&forward=x-request-id&form=host`: asks b for the rest of the chain and hands on just the named headers. */
export function chainPath(via: readonly string[], options: ChainOptions = {}): string {
  const { forward = [], form = '', mark = '' } = options;
  const query = new URLSearchParams({ via: via.join(','), forward: forward.join(','), form, mark });
  return `/chain?${query.toString()}`;
}

/** An application that knows nothing of lanes: it answers with its name and with what the next ones in the chain answered. */
export async function startChainApp(pod: string, at: Place, outbound: Place | undefined): Promise<ChainApp> {
  const server = createServer((request, response) => {
    if (app.handler !== undefined) app.handler(request, response);
    else
      void visit(pod, request, app).then(
        (visits) => response.end(JSON.stringify(visits)),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
  });
  const app: ChainApp = {
    server,
    handler: undefined,
    call(service, options) {
      if (outbound === undefined) throw new Error(`${pod} has no sidecar to call ${service} by`);
      return call(outbound, service, options);
    },
  };
  server.listen(at.port, at.address);
  await once(server, 'listening');
  return app;
}

export function visitsOf(answer: Answer): readonly Visit[] {
  return JSON.parse(answer.text) as readonly Visit[];
}

/** `Agray B Cgray` */
export function trail(answer: Answer): string {
  return visitsOf(answer)
    .map((each) => each.pod)
    .join(' ');
}

async function visit(pod: string, request: IncomingMessage, app: ChainApp): Promise<readonly Visit[]> {
  request.resume();
  const query = new URL(request.url ?? '/', 'http://app').searchParams;
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, [value].flat().join(', ')]),
  );
  const seen: Visit = { pod, headers, raw: request.rawHeaders };
  const [next, ...rest] = (query.get('via') ?? '').split(',').filter((name) => name !== '');
  if (next === undefined) return [seen];
  const forward = (query.get('forward') ?? '').split(',').filter((name) => name !== '');
  const form = FORMS.find((one) => one === query.get('form'));
  const mark = query.get('mark') ?? '';
  const handedOn = Object.fromEntries(
    forward.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])),
  );
  const answer = await app.call(next, {
    form,
    path: chainPath(rest, { forward, form, mark }),
    headers: handedOn,
  });
  return answer.status === 200 ? [seen, ...visitsOf(answer)] : [{ ...seen, failed: answer.status }];
}

async function call(outbound: Place, service: string, options: CallOptions = {}): Promise<Answer> {
  const { form = 'absolute', path = '/', headers = {} } = options;
  if (form === 'host') return send(outbound, { host: service, path, headers });
  if (form === 'absolute')
    return send(outbound, { host: service, path: `http://${service}${path}`, headers });
  const authority = service.includes(':') ? service : `${service}:80`;
  const socket = await tunnel(outbound, authority);
  return send(outbound, { socket, host: service, path, headers });
}
