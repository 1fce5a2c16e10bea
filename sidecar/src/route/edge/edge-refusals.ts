import { ProxyError } from '../../proxy-error.ts';
import type { Backend, Listener, Rule } from './edge-table.ts';

/** The sentences with which the edge refuses a request. They may reach the client, so they name no address and nobody else's host. */

export function noHost(authority: string): ProxyError {
  return new ProxyError(
    'no-route',
    `No listener of the gateway is for host "${authority}". Add the host to a Gateway's listener or to an Ingress, or ask for another.`,
  );
}

export function noRule({ isPlain }: Listener, authority: string, path: string): ProxyError {
  const remedy = isPlain
    ? 'Add one under gateway.routes.'
    : 'Add a rule for it to an HTTPRoute or an Ingress of this host.';
  return new ProxyError(
    'no-route',
    `No route of the gateway matches host "${authority}" and path "${path}" as they were asked for. ${remedy}`,
  );
}

export function misdirected(authority: string): ProxyError {
  return new ProxyError(
    'misdirected',
    `This connection was made for another host than "${authority}", which has a listener of its own. Make a new connection for it.`,
  );
}

export function unsafePath(): ProxyError {
  return new ProxyError(
    'unsafe-path',
    'The path has segments "." or "..", or delimiters that are encoded or repeated so that it could mean another route than it ' +
      'shows. Expected a normalised path (RFC 3986 section 6.2.2).',
  );
}

export function forbiddenClient(where: string): ProxyError {
  return new ProxyError(
    'forbidden-client',
    `Clients of this address may not come to ${where}. Its access lists name who may.`,
  );
}

export function noBackend({ name }: Rule, why: string): ProxyError {
  return new ProxyError('no-backend', `${name} leads nowhere: ${why}. Correct its backends.`);
}

export function backendNotKnown({ name }: Rule, { serviceId, port }: Backend): ProxyError {
  return new ProxyError(
    'no-endpoint',
    `${name} leads to port ${port} of ${serviceId ?? 'nothing'}, which is not known here. Correct the route or add the service.`,
  );
}
