import type { HeaderEdit, RequestHead } from '../../wire/head.ts';
import type { Client } from './client-address.ts';
import type { Listener } from './edge-table.ts';

export interface ForwardedRequest {
  readonly head: RequestHead;
  readonly listener: Listener;
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
].map((name): HeaderEdit => ({ name, value: null }));

/** Tells the application who asked and how. What a trusted proxy says stays and is added to; of others nothing is believed. */
export function forwardedEdits({ head, listener, client, requestId }: ForwardedRequest): HeaderEdit[] {
  const { address, peer, isForwarded } = client;
  const before = isForwarded ? head.headers.get('x-forwarded-for') : undefined;
  const edits: HeaderEdit[] = [
    { name: 'x-forwarded-for', value: before === undefined || before === '' ? peer : `${before}, ${peer}` },
    { name: 'x-real-ip', value: address },
  ];
  if (requestId !== undefined) edits.push({ name: 'x-request-id', value: requestId });
  // HTTP/1.0 may name no host.
  const host = { name: 'x-forwarded-host', value: head.authority === '' ? null : head.authority };
  const facts = [...listener.facts, host];
  if (isForwarded) return [...edits, ...facts.filter(({ name }) => head.headers.get(name) === undefined)];
  edits.push(...facts);
  for (const edit of FORGEABLE) if (head.headers.get(edit.name) !== undefined) edits.push(edit);
  return edits;
}

/** What is the same for every request of a listener. */
export function listenerFacts({
  protocol,
  publicPort,
}: Pick<Listener, 'protocol' | 'publicPort'>): HeaderEdit[] {
  return [
    { name: 'x-forwarded-proto', value: protocol },
    { name: 'x-forwarded-port', value: String(publicPort) },
  ];
}
