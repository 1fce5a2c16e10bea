import type { HeaderEdit, RequestHead } from '../../wire/head.ts';
import type { Client } from './client-address.ts';
import { plainAddress } from './client-address.ts';
import type { Listener } from './edge-table.ts';

export interface ForwardedRequest {
  readonly head: RequestHead;
  readonly listener: Listener;
  readonly peer: string;
  readonly client: Client;
  /** For a request that came without one. */
  readonly requestId: string | undefined;
}

/** What applications believe of a request's way here, and of its path; from a stranger it goes. */
const FORGEABLE = [
  'forwarded',
  'x-forwarded-prefix',
  'x-forwarded-scheme',
  'x-forwarded-server',
  'x-forwarded-ssl',
  'x-original-url',
  'x-rewrite-url',
  'x-scheme',
];

/** Tells the application who asked and how. What a trusted proxy says stays and is added to; of others nothing is believed. */
export function forwardedEdits(request: ForwardedRequest): readonly HeaderEdit[] {
  const { head, listener, client, requestId } = request;
  const { headers } = head;
  const before = client.isForwarded ? headers.get('x-forwarded-for') : undefined;
  const peer = plainAddress(request.peer);
  const edits: HeaderEdit[] = [
    { name: 'x-forwarded-for', value: before === undefined || before === '' ? peer : `${before}, ${peer}` },
    { name: 'x-real-ip', value: client.address },
  ];
  const facts: readonly (readonly [name: string, value: string])[] = [
    ['x-forwarded-proto', listener.protocol],
    ['x-forwarded-host', head.authority],
    ['x-forwarded-port', String(listener.publicPort)],
  ];
  for (const [name, value] of facts) {
    if (!client.isForwarded || headers.get(name) === undefined) edits.push({ name, value });
  }
  if (!client.isForwarded) {
    for (const name of FORGEABLE) if (headers.get(name) !== undefined) edits.push({ name, value: null });
  }
  if (requestId !== undefined) edits.push({ name: 'x-request-id', value: requestId });
  return edits;
}
